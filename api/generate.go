package api

// The contract is OpenAPI 3.1, which oapi-codegen warns about; what is used of it means the same as in 3.0.
//go:generate go tool -modfile=../tools/go.mod oapi-codegen -config oapi-codegen.yaml openapi.yaml
