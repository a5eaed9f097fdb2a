/** Wrong input to the control API: answered 400 `{ "error": message }`. */
export class ControlError extends Error {
  readonly status: number;
  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}
