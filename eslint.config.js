import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import js from '@eslint/js'
import prettier from 'eslint-config-prettier'
import vue from 'eslint-plugin-vue'
import { defineConfig } from 'eslint/config'
import ts from 'typescript-eslint'
import graphql from './eslint.graphql.config.js'

const vueParser = vue.configs['flat/base'].find(({ languageOptions }) => languageOptions?.parser)
  .languageOptions.parser

/** For the scripts of the screens, and what the parser of Vue takes out of their components. */
const options = { projectService: true, extraFileExtensions: ['.vue'], tsconfigRootDir: import.meta.dirname }

let opened = false
/**
 * Opens all components before the first of the screens' files is read: TypeScript forgets all it knows of types
 * whenever another one is opened.
 */
const afterComponents = parser => ({
  ...parser,
  parseForESLint(code, given) {
    if (!opened) {
      opened = true
      for (const file of globSync('clients/**/*.vue', { cwd: import.meta.dirname })) {
        const filePath = resolve(import.meta.dirname, file)
        vueParser.parseForESLint(readFileSync(filePath, 'utf8'), { ...given, filePath, parser: ts.parser })
      }
    }
    return parser.parseForESLint(code, given)
  },
})

export default defineConfig(
  { ignores: ['**/dist/', 'data/', 'node_modules/'] },
  {
    files: ['**/*.{js,ts,tsx,vue}'],
    extends: [js.configs.recommended, ts.configs.strict],
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
    },
  },
  { files: ['clients/**/*.{ts,vue}'], extends: [vue.configs['flat/recommended']] },
  {
    files: ['**/*.{ts,tsx,vue}'],
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      'no-undef': 'off',
    },
  },
  // One program, so that the types of what is used everywhere are worked out once.
  {
    files: ['**/*.ts'],
    ignores: ['clients/**'],
    languageOptions: {
      parserOptions: { project: 'tests/tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
  },
  {
    files: ['clients/**/*.{ts,tsx}'],
    languageOptions: { parser: afterComponents(ts.parser), parserOptions: options },
  },
  {
    files: ['clients/**/*.vue'],
    languageOptions: {
      parser: afterComponents(vueParser),
      parserOptions: { parser: ts.parser, ...options },
    },
  },
  { files: ['**/*.js'], languageOptions: { globals: { process: 'readonly', console: 'readonly' } } },
  prettier,
  graphql,
)
