export default {
  input: '../../openapi.yaml',
  output: { path: 'generated', importFileExtension: '.js' },
  plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
}
