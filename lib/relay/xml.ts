/**
 * The text of the first element of a name, as STS and S3 answer them: flat where we look, and what we read of them
 * (base64, a date, a code) holds no entities. Pure.
 */
export function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>\\s*([^<\\s]*)`).exec(xml)?.[1];
}
