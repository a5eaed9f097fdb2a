import { type CollectionTag, parse, type ScalarTag, type YAMLSeq } from 'yaml';

/** Parses YAML as CloudFormation writes it: `!Ref X` becomes `{ Ref: 'X' }`, `!GetAtt A.B` `{ 'Fn::GetAtt': ['A', 'B'] }`. */
export function parseYaml(text: string): unknown {
  // Our own files: anchors may be used as often as they like.
  return parse(text, { customTags: [...scalars, ...sequences], merge: true, maxAliasCount: -1 });
}

const scalars: ScalarTag[] = [
  { tag: '!Ref', resolve: (name) => ({ Ref: name }) },
  { tag: '!Sub', resolve: (template) => ({ 'Fn::Sub': template }) },
  {
    tag: '!GetAtt',
    resolve: (path) => {
      const dot = path.indexOf('.');
      return { 'Fn::GetAtt': [path.slice(0, dot), path.slice(dot + 1)] };
    },
  },
];

const sequences: CollectionTag[] = ['Join', 'Select', 'Split'].map((name) => ({
  tag: `!${name}`,
  collection: 'seq',
  resolve: (seq) => ({ [`Fn::${name}`]: (seq as YAMLSeq).toJSON() }),
}));
