module github.com/evercreds/evercreds/hostfuncs/wazerohost

go 1.26.0

require (
	github.com/evercreds/evercreds v0.0.0
	github.com/tetratelabs/wazero v1.12.0
)

replace github.com/evercreds/evercreds => ../..
