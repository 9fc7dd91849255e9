# Each target installs what it needs; `npm run` lists the steps one by one.

.PHONY: bench demo demo-respond fuzz help soak test

help:
	@echo "make bench          what deciding costs beside parsing; fails when a required figure falls short (5 minutes)"
	@echo "make fuzz           rules on hostile records, the fast way and Jexl's; SECONDS=600 for each property"
	@echo "make demo           the main job on an emulator, with a page that draws the messages; Ctrl-C ends it"
	@echo "make demo ONCE=1    the same, ends by itself and fails unless every expected alert arrived"
	@echo "make demo LOGS=dir  with log files of yours: .json, .json.gz, or a zip of them"
	@echo "make demo-respond   a finding of GuardDuty arrives on an emulator, and the instance is contained, step by step"
	@echo "make soak           2,000 log files while nearly everything goes wrong, and then: did each alert arrive? (10 minutes)"
	@echo "make soak FILES=200 the same, shorter; with SEED=2, another run"
	@echo "make test           everything that CI checks"

bench: node_modules/.package-lock.json
	@npm run --silent bench

fuzz: node_modules/.package-lock.json
	@FUZZ_SECONDS=$(or $(SECONDS),600) npm run --silent fuzz

demo: node_modules/.package-lock.json
	@npm run --silent demo

demo-respond: node_modules/.package-lock.json
	@npm run --silent demo:respond

soak: node_modules/.package-lock.json
	@npm run --silent soak

test: node_modules/.package-lock.json
	@npm run --silent test

node_modules/.package-lock.json: package-lock.json
	@node -e 'if (process.versions.node.split(".")[0] < 20) throw 0' 2>/dev/null || { echo "Node 20 or newer is needed; found $$(node --version 2>/dev/null || echo none). Install it from nodejs.org and run again." >&2; exit 1; }
	@echo "installing npm packages …"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@
