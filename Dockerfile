# Raicho in a container: no root, no writable root file system, one volume.
#   docker build -t raicho .
#   docker run --read-only --tmpfs /tmp -v raicho:/var/lib/raicho -p 9101:9101 -p 2525:2525 raicho

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:24-bookworm-slim
# Most packs are written in Python; git brings packs from repositories.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git python3 python3-venv && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production RAICHO_HOME=/var/lib/raicho RAICHO_HOST=0.0.0.0
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY bin ./bin
COPY packs ./packs
COPY rules ./rules
COPY workflows ./workflows
COPY package.json CHANGELOG.md LICENSE ./
RUN install -d -o node -g node -m 0700 /var/lib/raicho
USER node
VOLUME /var/lib/raicho
EXPOSE 9101 2525
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "process.env.NODE_TLS_REJECT_UNAUTHORIZED = 0; fetch(`${process.env.RAICHO_TLS_CERT ? 'https' : 'http'}://127.0.0.1:${process.env.RAICHO_PORT || 9101}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# SIGTERM goes to the supervisor, which drains; `docker stop --time 30` gives it the time it may need.
# Absolute: the working directory is the site, /app with the shipped rules unless another one is given.
ENTRYPOINT ["node", "/app/bin/raicho.js"]
CMD ["start"]
