module github.com/otklik/otklik

go 1.26

require (
	github.com/andybalholm/brotli v1.2.1 // indirect
	github.com/fasthttp/websocket v1.5.12
	github.com/klauspost/compress v1.18.5 // indirect
	github.com/savsgio/gotils v0.0.0-20240704082632-aef3928b8a38 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/valyala/fasthttp v1.70.0 // indirect
	golang.org/x/net v0.50.0 // indirect
)
