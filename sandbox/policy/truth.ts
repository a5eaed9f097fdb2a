/**
 * Three answers, not two. What cannot be told (an operator nobody knows, a date that is none) must neither
 * allow nor fail to deny, so it may not be rounded to false before the statement's effect is known.
 */
export type Truth = boolean | 'unclear';

/** AND: one false settles it, then one unclear. True of nothing. */
export function every(answers: readonly Truth[]): Truth {
  if (answers.includes(false)) return false;
  return answers.includes('unclear') ? 'unclear' : true;
}

/** OR: one true settles it, then one unclear. False of nothing. */
export function some(answers: readonly Truth[]): Truth {
  if (answers.includes(true)) return true;
  return answers.includes('unclear') ? 'unclear' : false;
}

export function not(answer: Truth): Truth {
  return answer === 'unclear' ? 'unclear' : !answer;
}
