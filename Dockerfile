# Console and widget.
FROM node:20-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
COPY web/console/package.json console/
COPY web/widget/package.json widget/
COPY web/shared/openapi/package.json shared/openapi/
RUN npm ci --no-audit --no-fund
COPY web ./
COPY texts ../texts
COPY api/openapi.yaml ../api/
RUN npm run build

# The one binary, with both inside.
FROM golang:1.26-bookworm AS go
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=web /src/web/console/dist web/console/dist
COPY --from=web /src/web/widget/dist web/widget/dist
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /otklik ./cmd/otklik

FROM alpine:3.22
RUN apk add --no-cache ca-certificates tzdata && adduser -D -H -u 10001 otklik
COPY --from=go /otklik /usr/local/bin/otklik
USER otklik
EXPOSE 7080
ENTRYPOINT ["/usr/local/bin/otklik"]
CMD ["serve"]
