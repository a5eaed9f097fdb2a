// How every Lambda is bundled. serverless-esbuild and the sandbox both read this file, so what is tested is what
// is deployed. CommonJS because serverless-esbuild loads it with require().

/** @returns {import('esbuild').BuildOptions & { outputFileExtension: string, exclude: string[] }} */
module.exports = () => ({
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  outputFileExtension: '.mjs',
  minify: true,
  legalComments: 'none',
  // ES modules first: they can be tree-shaken, and hold no require() that an ES bundle could not answer.
  mainFields: ['module', 'main'],
  // Nothing is left to the runtime's own copy of the SDK, whose version AWS changes at will.
  external: [],
  exclude: [],
  plugins: [lazyBuiltins, englishOnly, chosenExecutionMode, minifiedOnceMore],
});

/**
 * `import 'node:http'` in an ES module loads Node's whole http facade, undici included: 15–33 ms of every cold
 * start. process.getBuiltinModule() loads the one module. So each import of a builtin becomes a shim that asks it.
 */
const lazyBuiltins = {
  name: 'lazy-builtins',
  setup(build) {
    const { builtinModules } = require('node:module');
    const names = new Set(builtinModules);
    const moduleOf = (path) => `process.getBuiltinModule(${JSON.stringify(`node:${path}`)})`;
    const isBuiltin = (path) => path.startsWith('node:') || names.has(path);
    build.onResolve({ filter: /^[a-z@_:/0-9]+$/ }, ({ path, kind }) =>
      isBuiltin(path)
        ? { path: path.replace(/^node:/, ''), namespace: kind === 'require-call' ? 'required' : 'imported' }
        : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = ${moduleOf(path)};`,
      loader: 'js',
    }));
    // Each name by itself, so that what nobody imports is shaken off.
    build.onLoad({ filter: /.*/, namespace: 'imported' }, ({ path }) => {
      const names = Object.keys(require(`node:${path}`)).filter(
        (name) => /^[A-Za-z]\w*$/.test(name) && name !== 'default',
      );
      return {
        contents: [
          `const builtin = /* @__PURE__ */ ${moduleOf(path)};`,
          'const pick = (name) => builtin[name];',
          'export default builtin;',
          ...names.map((name) => `export const ${name} = /* @__PURE__ */ pick('${name}');`),
        ].join('\n'),
        loader: 'js',
      };
    });
  },
};

/** zod carries its messages in some fifty languages behind a name no bundler can shake off: 260 KB per function. */
const englishOnly = {
  name: 'english-only',
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      loader: 'js',
    }));
  },
};

/**
 * middy carries its standard way to run a handler, also for functions that bring their own. Whoever wants the standard one
 * asks for it: `@middy/core/Standard`.
 */
const chosenExecutionMode = {
  name: 'chosen-execution-mode',
  setup(build) {
    build.onResolve({ filter: /^\.\/executionModeStandard\.js$/ }, () => ({
      path: 'none',
      namespace: 'none',
    }));
    build.onLoad({ filter: /.*/, namespace: 'none' }, () => ({
      contents: 'export const executionModeStandard = undefined;',
    }));
  },
};

/**
 * A second minifier makes the relay 5 % smaller than esbuild alone can. Only the relay, whose size every cold start of the
 * data path pays: for all others, which carry libraries, it would take seconds.
 */
const minifiedOnceMore = {
  name: 'minified-once-more',
  setup(build) {
    const { minify, absWorkingDir: directory = process.cwd() } = build.initialOptions;
    if (!minify) return;
    build.initialOptions.metafile = true;
    build.onEnd(({ metafile, outputFiles }) => {
      const { readFileSync, writeFileSync } = require('node:fs');
      const { resolve } = require('node:path');
      // As WebAssembly, so that it runs wherever Node does.
      const { minifySync } = require('@swc/wasm');
      for (const [name, { entryPoint }] of Object.entries(metafile?.outputs ?? {})) {
        if (entryPoint !== 'functions/child/invoke.ts') continue;
        const path = resolve(directory, name);
        const inMemory = outputFiles?.find((output) => output.path === path);
        const { code } = minifySync(inMemory ? inMemory.text : readFileSync(path, 'utf8'), {
          module: true,
          // Nothing in it is a constructor without being a class, or counts its parameters.
          compress: {
            ecma: 2022,
            passes: 3,
            toplevel: true,
            unsafe_arrows: true,
            unsafe_methods: true,
            keep_fargs: false,
            // More bytes, but fewer once they are compressed.
            hoist_vars: true,
          },
          mangle: { toplevel: true },
        });
        if (inMemory) inMemory.contents = Buffer.from(code);
        else writeFileSync(path, code);
      }
    });
  },
};
