import js from '@eslint/js'
import ts from 'typescript-eslint'

export default ts.config(
  // The programs in examples/clients/ are compiled with what their generators make, by npm run test:clients.
  { ignores: ['dist', '.tap', 'examples/clients'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [ts.configs.strictTypeChecked, ts.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // `${number}` in a message is what a reader expects it to be.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Fastify's hooks and handlers are async by contract, whether or not one of them waits.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    // tap's assertions return promises only for promises; a test does not await the others.
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-floating-promises': 'off' },
  },
)
