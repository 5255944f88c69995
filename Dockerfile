# The service alone, without DynamoDB. It listens beyond loopback, so it does not start before AUTH says who may call it:
# docker run -e AUTH=none -e AWS_REGION=eu-central-1 -p 127.0.0.1:3000:3000 <image>

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY src ./src
COPY routes ./routes
COPY schemas ./schemas
COPY scripts/build.ts scripts/tsconfig.build.json ./scripts/
RUN npm run build

FROM node:24-slim
ENV NODE_ENV=production
ENV HOST=0.0.0.0
WORKDIR /app
COPY package.json openapi.yaml ./
# The build includes the packages, so node_modules is not needed.
COPY --from=build /app/dist ./dist
USER node
EXPOSE 3000
# The slim image does not have curl.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --start-interval=1s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT ?? 3000}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1))"]
# No npm and no shell in between, so that SIGTERM reaches the service.
CMD ["node", "dist/server.js"]
