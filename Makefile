# make build   bin/otklik with console and widget inside, and Temporal beside it
# make run     everything on this machine, with demo data
# make test    every check and every test; ends with "N passed, N failed"
# make fire    the promises with real processes killed, stopped and cut off; six minutes
# make soak    two consoles at work for an hour: no reload, no stuck row, no growing memory
# make mutants  plants the faults of local/cmd/mutants/list.txt and sees each one caught
# make bench   the figures of docs/performance.md; on a quiet machine
# make generate  what is generated from api/openapi.yaml

export GOTOOLCHAIN ?= local

GO_BUILD = go build -trimpath -ldflags "-s -w"

WEB_SOURCES = $(shell find web texts api/openapi.yaml \
	\( -name node_modules -o -name dist -o -name .vite \) -prune -o -type f -print 2>/dev/null)

.PHONY: build run test mutants bench fire soak generate clean FORCE
.SILENT:

# Temporal first: its first build takes minutes, and is then kept for good.
build: bin/otklik-temporal bin/otklik

bin/otklik-temporal: FORCE
	scripts/temporal.sh $@

bin/otklik: .cache/web.stamp FORCE
	echo "build: $@"
	$(GO_BUILD) -o $@ ./cmd/otklik

# A removed output is made again.
ifneq ($(words $(wildcard web/console/dist/index.html web/widget/dist/widget.js)),2)
.cache/web.stamp: FORCE
endif
.cache/web.stamp: web/node_modules/.package-lock.json $(WEB_SOURCES)
	echo "build: console and widget"
	cd web && npm run --silent build
	touch web/console/dist/.gitkeep web/widget/dist/.gitkeep
	mkdir -p $(@D) && touch $@

%/node_modules/.package-lock.json: %/package-lock.json
	echo "build: packages of $*"
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	touch $@

run: build
	exec bin/otklik dev

# The browser is looked for before the long part begins.
test: build e2e/node_modules/.package-lock.json
	CHROMIUM="$$(scripts/chromium.sh)" || exit 1; export CHROMIUM; go build -o .cache/testall ./local/cmd/testall && exec .cache/testall $(if $(ONLY),-only $(ONLY))

fire: build
	go build -o .cache/testall ./local/cmd/testall && OTKLIK_FIRE=whole exec .cache/testall -only fire

# The same test as in `make test`, there for a minute.
soak: build e2e/node_modules/.package-lock.json
	CHROMIUM="$$(scripts/chromium.sh)" || exit 1; export CHROMIUM; cd e2e && OTKLIK_SOAK_MINUTES=$${OTKLIK_SOAK_MINUTES:-60} exec node --test --test-reporter=spec soak.test.mjs

# Each fault of local/cmd/mutants/list.txt must be seen by the test named beside it.
mutants: build
	go run ./local/cmd/mutants $(if $(ONLY),-only '$(ONLY)')

# Figures of docs/performance.md: several minutes on a quiet machine.
bench: build
	exec bin/otklik bench --json

generate: web/node_modules/.package-lock.json
	echo "generate: types of the contract"
	go generate ./api
	cd web && npm run --silent generate

clean:
	rm -rf bin .cache web/console/dist/* web/widget/dist/*
