/** How the tour speaks: numbered steps, who did what, what AWS answered. Colour only on a terminal. */

import pico from 'picocolors';

export interface Narrator {
  title(text: string): void;
  step(text: string): void;
  /** Somebody does something. */
  does(who: 'parent' | 'child' | 'outsider' | 'nobody', what: string): void;
  /** AWS or Sharemaker answers; `kind` says how the story wants it. */
  answers(what: string, kind?: 'good' | 'refusal' | 'plain'): void;
  /** Something to read, such as a policy. */
  shows(text: string): void;
  says(text: string): void;
}

type Print = (line: string) => void;

const width = 96;

export function narrator(print: Print, hasColour: boolean): Narrator {
  const colour = pico.createColors(hasColour);
  const tint = { parent: colour.magenta, child: colour.cyan, outsider: colour.yellow, nobody: colour.dim };
  const mark = { good: colour.green('✔'), refusal: colour.red('✖'), plain: colour.dim('→') };
  let number = 0;
  const lines = (text: string, indent: string) =>
    wrap(text, width - indent.length).map((line) => indent + line);
  return {
    title(text) {
      print('');
      print(colour.bold(text));
    },
    step(text) {
      number++;
      print('');
      print(`${colour.bold(`${number}. ${text}`)}`);
    },
    does(who, what) {
      const [first = '', ...rest] = wrap(what, width - 13);
      print(`   ${tint[who](who.padEnd(9))} ${first}`);
      for (const line of rest) print(`             ${line}`);
    },
    answers(what, kind = 'plain') {
      const [first = '', ...rest] = wrap(what, width - 15);
      print(`             ${mark[kind]} ${first}`);
      for (const line of rest) print(`               ${line}`);
    },
    shows(text) {
      for (const line of text.split('\n')) print(colour.dim(`               ${line}`));
    },
    says(text) {
      for (const line of lines(text, '             ')) print(line);
    },
  };
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return [...lines, line];
}
