# Every target runs `python3 -m devtools …`, which explains itself: make help
PYTHON ?= $(shell command -v /usr/bin/python3 || command -v python3)
RUN = $(if $(PYTHON),$(PYTHON),$(error python3 is missing: apt-get install python3)) -m devtools

.DEFAULT_GOAL := help
.PHONY: demo test lint bench soak shell psql logs stop clean help

demo lint shell psql logs stop clean help:
	@$(RUN) $@

test:
	@$(RUN) test $(ARGS)

bench soak:
	@$(RUN) $@ "$(NAME)" "$(SCALE)"
