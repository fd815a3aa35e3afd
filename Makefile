# `make demo` shows the main job, `make install` puts `audit` on the PATH, `make test` proves it; all set up .venv first. Needs Python 3.11+, pip and make.
PYTHON ?= python3
BIN := .venv/bin
SHARED ?= ../shared/data
# Folders with the pictures that training/collection.csv names by digest: they are not part of the checkout.
COLLECTED ?= ../pictures
# Free art that cloaks are measured on, and nothing learns from.
ART := ardentryst monsterz-data pingus-data

# Where `make install` puts the command; ~/.local/bin is on the PATH of most systems.
PREFIX ?= $(HOME)/.local

.PHONY: demo install serve test quick test-web shots coverage dist lint docs site embedded bench bench-forgeries bench-attribute bench-detect bench-match bench-peers bench-trial detector fuzz attacks audit clean

demo: .venv/installed
	$(BIN)/python demo/run.py demo-output

install: .venv/installed
	mkdir -p "$(PREFIX)/bin"
	ln -sfn "$(CURDIR)/$(BIN)/audit" "$(PREFIX)/bin/audit"
	@case ":$$PATH:" in *":$(PREFIX)/bin:"*) echo "audit is installed: try audit --help";; \
	*) echo "audit is installed; put it on the PATH: export PATH=\"$(PREFIX)/bin:\$$PATH\"";; esac

serve: .venv/installed
	$(BIN)/audit serve

# One process of tests for each processor, each with one thread: more would only wait for one another.
PYTEST := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n auto --dist loadfile

test: lint
	$(PYTEST)

quick: lint
	$(PYTEST) -q -m "not slow"

# The page in a real browser: the one that Playwright brings, or the one that ARTAUDIT_CHROMIUM names, and axe-core.
test-web: .venv/installed .cache/axe.min.js
	test -n "$(ARTAUDIT_CHROMIUM)" || $(BIN)/python -m playwright install --with-deps chromium
	$(BIN)/python -m pytest tests/web

.cache/axe.min.js:
	mkdir -p .cache/axe
	cd .cache/axe && npm pack --silent axe-core@4 && tar xzf axe-core-4*.tgz
	mv .cache/axe/package/axe.min.js $@
	rm -rf .cache/axe

shots: .venv/installed
	$(BIN)/python docs/screenshots.py docs/page

coverage: .venv/installed
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered

# The wheel, in an environment of PYTHON that holds nothing else, has to answer a check; from the sdist it is the same.
dist: .venv/installed
	rm -rf dist .cache/empty .cache/again
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	$(BIN)/python -m hatchling build -t sdist
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir .cache/again dist/*.tar.gz
	cmp dist/*.whl .cache/again/*.whl
	$(PYTHON) -m venv .cache/empty
	.cache/empty/bin/python -m pip install --quiet --constraint constraints.txt dist/*.whl
	$(BIN)/python -c 'from artaudit.datasets.photographs import photograph as p; open(".cache/empty/a.jpg", "wb").write(p("china.jpg"))'
	cd .cache/empty && ARTAUDIT_DB=a.db bin/audit register a.jpg && { ARTAUDIT_DB=a.db bin/audit check a.jpg; test $$? = 1; }

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cog --check docs/commands.md docs/components.md docs/detectors.md

docs: .venv/installed
	$(BIN)/cog -r docs/commands.md docs/components.md docs/detectors.md

# The pages as a site that works from the disk, offline: site/index.html.
site: .venv/installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

embedded: .venv/installed
	$(BIN)/python -m training.embedded --data $(SHARED)
	$(BIN)/python -m training.encoders --data $(SHARED)
	$(BIN)/python -m training.diffusion --data $(SHARED)

bench: .venv/installed .cache/art
	PYTHONPATH=. $(BIN)/python benchmarks/visible.py --data $(SHARED) --fresh --write
	PYTHONPATH=. $(BIN)/python benchmarks/methods.py --data $(SHARED)
	PYTHONPATH=. $(BIN)/python benchmarks/redraw.py --data $(SHARED)
	PYTHONPATH=. $(BIN)/python benchmarks/diffusion.py --data $(SHARED)
	PYTHONPATH=. $(BIN)/python benchmarks/protect.py --data $(SHARED)

bench-trial: .venv/installed
	PYTHONPATH=. $(BIN)/python benchmarks/trial.py --data $(SHARED)
	PYTHONPATH=. $(BIN)/python benchmarks/mimicry.py --data $(SHARED)

.cache/art: PACKAGES = $(ART)
.cache/art:
	mkdir -p $@.new
	cd $@.new && apt-get download $(PACKAGES) && for package in *.deb; do dpkg-deb -x $$package $${package%%_*} && rm $$package; done
	mv $@.new $@

bench-detect: .venv/installed
	PYTHONPATH=. $(BIN)/python benchmarks/detect.py $(COLLECTED)
	PYTHONPATH=. $(BIN)/python benchmarks/bias.py $(SHARED) --collected $(COLLECTED)
	PYTHONPATH=. $(BIN)/python benchmarks/detectors.py $(COLLECTED) $(SHARED) --write

detector: .venv/installed
	$(BIN)/python -m training.cloaked $(COLLECTED) $(SHARED)
	$(BIN)/python -m training.redrawn $(COLLECTED) $(SHARED) --data $(SHARED)
	$(BIN)/python -m training.features $(COLLECTED) $(SHARED)
	$(BIN)/python -m training.detector

bench-match: .venv/installed
	PYTHONPATH=. $(BIN)/python benchmarks/match.py --data $(SHARED) --write
	PYTHONPATH=. $(BIN)/python benchmarks/portfolio.py --data $(SHARED) --write

# Other tools, each kind in an environment of its own: their dependencies never mix with ours.
PEERS := hashes parameters detector credentials
bench-peers: .venv/installed $(PEERS:%=.cache/peers/%/installed)
	for kind in matching metadata detection protection evidence; do \
	PYTHONPATH=. OMP_NUM_THREADS=1 $(BIN)/python benchmarks/peers/$$kind.py --data $(SHARED) --write || exit 1; done

.cache/peers/%/installed: benchmarks/peers/requirements/%.txt
	$(PYTHON) -m venv .cache/peers/$*
	.cache/peers/$*/bin/python -m pip install --quiet -r $<
	test ! -f $(<:.txt=-alone.txt) || .cache/peers/$*/bin/python -m pip install --quiet --no-deps -r $(<:.txt=-alone.txt)
	touch $@

bench-attribute: .venv/installed
	PYTHONPATH=. $(BIN)/python benchmarks/attribute.py --data $(SHARED)

bench-forgeries: .venv/installed
	PYTHONPATH=. $(BIN)/python benchmarks/forgeries.py --write

# Ten minutes for each reader of strangers' files; led by coverage where atheris is installed.
fuzz: .venv/installed
	PYTHONPATH=. OMP_NUM_THREADS=1 $(BIN)/python benchmarks/fuzz.py

attacks: .venv/installed
	PYTHONPATH=. OMP_NUM_THREADS=1 $(BIN)/python benchmarks/attacks.py

# Licences, an SBOM (CycloneDX), and known weaknesses of what is installed, which asks a service on the network.
audit: .venv/installed
	$(BIN)/python benchmarks/licences.py docs/licences.md
	$(PYTHON) -m venv .cache/auditing
	.cache/auditing/bin/python -m pip install --quiet cyclonedx-bom pip-audit
	mkdir -p dist
	.cache/auditing/bin/cyclonedx-py environment --pyproject pyproject.toml -o dist/sbom.json .venv
	.cache/auditing/bin/pip-audit --strict --skip-editable --path $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

# An environment that is there keeps its Python, whatever PYTHON says; `make clean` lets another one take over.
.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv .cache demo-output site
