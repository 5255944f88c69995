# The service alone, without DynamoDB. It listens beyond loopback, so it does not start before AUTH says who may call it:
#
#   docker run -e AUTH=policy -e ACCESS_FILE=/access/policy.yaml -v ./access:/access:ro -e AWS_REGION=eu-central-1 \
#     -p 127.0.0.1:3000:3000 --read-only --cap-drop ALL --memory 1g --pids-limit 100 <image>
#
# `docker run --rm <image> node dist/server.js key <id>` prints a new API key. Node.js sizes its heap by the memory limit of
# the container; NODE_OPTIONS=--max-old-space-size=<MiB> sets another size, which must leave room for buffers beside it.

# The build is the same for every platform, so it runs on that of the machine that builds.
FROM --platform=$BUILDPLATFORM node:24.21.0-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src ./src
COPY routes ./routes
COPY schemas ./schemas
COPY scripts/build ./scripts/build
COPY docs/errors.md ./docs/
COPY scripts/translator ./scripts/translator
COPY scripts/build.ts scripts/translator.ts scripts/tsconfig.build.json ./scripts/
RUN npm run build

FROM node:24.21.0-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
# The release workflow adds version, revision, source and time (OCI image specification, annotations).
LABEL org.opencontainers.image.title="dynamodb-storage-service"
LABEL org.opencontainers.image.description="A storage gateway: REST in front of DynamoDB, with retries, batches and types done once and correctly"
LABEL org.opencontainers.image.licenses="MIT"
LABEL org.opencontainers.image.base.name="docker.io/library/node:24.21.0-slim"
ENV NODE_ENV=production
ENV HOST=0.0.0.0
WORKDIR /app
COPY package.json openapi.yaml ./
# The build includes the packages, so node_modules is not needed; dist/sbom.cdx.json lists them.
COPY --from=build /app/dist ./dist
USER node
EXPOSE 3000
# The slim image does not have curl. The certificate is for the service's public name, so it is not checked here. With
# TLS_CLIENT_CA_FILE the check fails, since it has no certificate: use --no-healthcheck and probe from outside.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --start-interval=1s \
  CMD ["node", "-e", "const { PORT = 3000, TLS_CERT_FILE } = process.env; require(TLS_CERT_FILE ? 'https' : 'http').get({ host: '127.0.0.1', port: PORT, path: '/health/live', rejectUnauthorized: false }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
# No npm and no shell in between, so that SIGTERM reaches the service.
CMD ["node", "dist/server.js"]
