# quantcam. `make help` lists the targets; objects go to build/$(V)/ and nowhere else.
V        ?= release
B        := build/$(V)
-include config.mk          # this machine's paths and names, not committed; `make show` prints the result

MPICC    ?= mpicc
PKG_CONFIG ?= pkg-config
MPIRUN   ?= mpirun
JOBS     ?= $(shell nproc 2>/dev/null || echo 1)
# `make VERBOSE=1` prints the commands.
Q        := $(if $(VERBOSE),,@)
# Names for pkg-config; on a cluster with modules override them, or HDF5_CFLAGS and HDF5_LIBS, in config.mk.
PKGS     ?= libpng libjpeg expat libcjson libcrypto zlib lapacke openblas
HDF5_PKG ?= hdf5-openmpi

ifeq ($(V),release)
  OPT := -O2 -g -DNDEBUG
else ifeq ($(V),debug)
  OPT := -O0 -g3
else ifeq ($(V),asan)
  OPT := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
else ifeq ($(V),coverage)
  OPT := -O0 -g --coverage -fprofile-update=atomic
else
  $(error V=$(V) is unknown: release, debug, asan or coverage)
endif

PKG_CFLAGS  ?= $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
PKG_LIBS    ?= $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null)
HDF5_CFLAGS ?= $(shell $(PKG_CONFIG) --cflags $(HDF5_PKG) 2>/dev/null)
HDF5_LIBS   ?= $(shell $(PKG_CONFIG) --libs-only-L $(HDF5_PKG) 2>/dev/null) -lhdf5_hl -lhdf5

WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wno-unused-parameter
CFLAGS   ?= $(OPT) $(WARN)
# One fused step only where a definition writes fma(): the scalar reference gives the same bits on every x86.
override CFLAGS += -std=c11 -ffp-contract=off -fno-math-errno -D_GNU_SOURCE
# HDF5 has several versions of some calls and takes the newest unless told which: one for all of its releases, 1.8 on.
override CPPFLAGS += -Iinclude $(PKG_CFLAGS) $(HDF5_CFLAGS) -DH5_USE_18_API -MMD -MP
LDLIBS   := $(PKG_LIBS) $(HDF5_LIBS) -lm

# The flags of an instruction set belong to its folder: no AVX-512 code leaks into a shared function.
isa.ref        := -O2
isa.avx2       := -O2 -mavx2 -mfma
isa.avx512vnni := -O2 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx2 -mfma

# Elsewhere than on x86 there is ref alone.
ARCH     := $(firstword $(subst -, ,$(shell $(MPICC) -dumpmachine 2>/dev/null)))
ISA      := ref $(if $(filter x86_64 amd64 i386 i486 i586 i686,$(ARCH)),avx2 avx512vnni)
SRC      := $(wildcard src/*/*.c src/report/studies/*.c $(ISA:%=src/kernel/%/*.c))
OBJ      := $(SRC:src/%.c=$(B)/obj/%.o)
LIBOBJ   := $(filter-out $(B)/obj/cli/main.o,$(OBJ))
TESTSRC  := $(wildcard tests/*/test_*.c) tests/oracles/pixels.c tests/oracles/train_step.c tests/oracles/deployed.c
TEST     := $(TESTSRC:tests/%.c=$(B)/tests/%)
UNIT     := $(filter-out $(B)/tests/comm/% $(B)/tests/store/% $(B)/tests/phase/% $(B)/tests/train/% $(B)/tests/oracles/%,$(TEST))
FUZZ     := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))
VERSION  := $(shell cat VERSION)

.PHONY: all tests demo demo-saliency demo-training check check-style check-unit check-mpi check-e2e check-asan check-faults check-aarch64 check-avx512 torture scale
.PHONY: mutate unit-programs
.PHONY: fuzz fuzz-programs fuzz-coverage bench install uninstall show clean help deps
all: build/quantcam         ## the program, build/quantcam (V=release, debug or asan)

build/quantcam: $(B)/quantcam
	@ln -sfn $(V)/quantcam build/quantcam

$(B)/quantcam: $(OBJ)
	@echo "  LINK $@"
	$(Q)$(MPICC) $(CFLAGS) $^ $(LDFLAGS) $(LDLIBS) -o $@

$(B)/obj/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(MPICC) $(CPPFLAGS) $(CFLAGS) $(isa.$(notdir $(patsubst %/,%,$(dir $<)))) -c $< -o $@

# What `version` and every result file say about the build.
$(B)/obj/cli/version.o: CPPFLAGS += -DBUILD_VERSION='"$(VERSION)"' -DBUILD_KIND='"$(V)"' -DBUILD_FLAGS='"$(strip $(CFLAGS))"'
$(B)/obj/cli/version.o: VERSION
# Loops over all weights, in vectors.
$(B)/obj/train/optimizer.o: override CFLAGS += -O3
$(B)/obj/gradient/train_fake.o: override CFLAGS += -O3
# The page's style and script are taken in as they stand.
$(B)/obj/report/page.o: src/report/page.css src/report/page.js

$(B)/libquantcam.a: $(LIBOBJ)
	@rm -f $@
	@ar rcs $@ $^

$(B)/tests/%: tests/%.c tests/check.h $(B)/libquantcam.a
	@mkdir -p $(@D)
	@echo "  TEST $<"
	$(Q)$(MPICC) $(CPPFLAGS) -Itests -Isrc $(CFLAGS) $< $(B)/libquantcam.a $(LDFLAGS) $(LDLIBS) -o $@

# Our driver and one target each; libFuzzer and AFL: tests/fuzz/README.md.
FUZZPART := tests/fuzz/driver.c tests/fuzz/mutate.c tests/fuzz/fuzz.c
$(B)/tests/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZPART) $(wildcard tests/fuzz/*.h) $(B)/libquantcam.a
	@mkdir -p $(@D)
	@echo "  FUZZ $<"
	$(Q)$(MPICC) $(CPPFLAGS) -Itests -Isrc $(CFLAGS) -MF $@.d $< $(FUZZPART) $(B)/libquantcam.a $(LDFLAGS) $(LDLIBS) -o $@

tests: $(TEST) $(FUZZ)

demo: deps                  ## install what is missing, build, make a data set, run the job on 4 ranks, write the report
	@$(MAKE) --no-print-directory -j$(JOBS) all V=$(V)
	@V=$(V) MPIRUN="$(MPIRUN)" jobs/demo.sh demo
demo-saliency: deps         ## the same pictures, the second study: maps of four precisions against masks and predicted saliency
	@$(MAKE) --no-print-directory -j$(JOBS) all V=$(V)
	@V=$(V) MPIRUN="$(MPIRUN)" jobs/demo.sh demo-saliency
demo-training: deps         ## the third study in small: FashionMNIST (a Debian package) trained to 4, mixed and 2 bits, and what that did to the map
	@jobs/install-deps.sh jobs/packages-training.txt
	@$(MAKE) --no-print-directory -j$(JOBS) all V=$(V)
	@V=$(V) MPIRUN="$(MPIRUN)" jobs/demo-training.sh

check: deps                 ## install what is missing, build, run every test
	@$(MAKE) --no-print-directory -j$(JOBS) all tests V=$(V)
	@V=$(V) MPIRUN="$(MPIRUN)" tests/run.sh style unit mpi fuzz e2e

check-style: all            ## layers, names, sizes, and that every source has its test
	@V=$(V) tests/run.sh style
check-unit: all tests       ## tests of one process
	@V=$(V) tests/run.sh unit
check-mpi: all tests        ## tests on 1, 2 and 3 ranks
	@V=$(V) MPIRUN="$(MPIRUN)" tests/run.sh mpi
check-asan: deps            ## the tests of one process once more, with sanitizers: one element past the end is an error
	@$(MAKE) --no-print-directory -j$(JOBS) unit-programs V=asan
	@V=asan QUANTCAM_TEST_TIMEOUT=$(or $(QUANTCAM_TEST_TIMEOUT),1200) tests/run.sh unit
unit-programs: $(UNIT)
mutate: deps                ## M=200 one-token changes of the sources: which does no test notice? Hours (tests/README.md)
	@tests/mutate.sh --mutants=$(M)
N        ?= 10000
M        ?= 200
fuzz:                       ## N=10000 mutated inputs to every reader of outside bytes, with sanitizers
	@$(MAKE) --no-print-directory -j$(JOBS) all fuzz-programs V=asan
	@V=asan FUZZ_CASES=$(N) QUANTCAM_TEST_TIMEOUT=100000 tests/run.sh fuzz
fuzz-programs: $(FUZZ)
fuzz-coverage:              ## lines of the readers that fuzzing runs
	@$(MAKE) --no-print-directory -j$(JOBS) build/coverage/quantcam fuzz-programs V=coverage
	@tests/fuzz/coverage.sh build/coverage 3000

check-e2e: all              ## the program itself, driven by scripts
	@V=$(V) MPIRUN="$(MPIRUN)" tests/run.sh e2e

check-faults: deps          ## fault campaigns in small numbers: kills, failing calls, flipped bits, full disks, Slurm, three hosts
	@jobs/install-deps.sh jobs/packages-faults.txt || echo "going on without them: what needs them is skipped"
	@$(MAKE) --no-print-directory -j$(JOBS) all V=$(V)
	@V=$(V) MPIRUN="$(MPIRUN)" QUANTCAM_TEST_TIMEOUT=$(or $(QUANTCAM_TEST_TIMEOUT),1200) tests/run.sh faults slurm hosts

check-avx512:               ## the AVX-512 kernels' unit tests on a machine that has AVX2 alone (Debian's libsimde-dev; not in CI)
	@tests/avx512.sh
check-aarch64:              ## cross-build for aarch64 and run the unit tests there (Debian's cross compiler and qemu-user; not in CI)
	@tests/aarch64.sh

torture:                    ## the same in large numbers: hours (tests/README.md)
	@$(MAKE) --no-print-directory check-faults V=$(V) QUANTCAM_TORTURE=1 QUANTCAM_TEST_TIMEOUT=86400
	@$(MAKE) --no-print-directory fuzz N=10000

scale: deps                 ## 50,000 drawn pictures through the demo networks, killed and resumed: a table (40 minutes, a quiet machine)
	@$(MAKE) --no-print-directory -j$(JOBS) all V=$(V)
	@V=$(V) MPIRUN="$(MPIRUN)" jobs/scale.sh

bench: all                  ## kernels and networks against this core's measured peak
	@build/quantcam bench --kernels
	@build/quantcam bench

PREFIX   ?= /usr/local
SHARE    := $(PREFIX)/share/quantcam
# Job files and scripts name paths below the folder they are started in: the copies lie together, as in the repository.
INSTALLED := $(wildcard models/*.model models/demo/*.model models/demo/*.pth models/README.md jobs/*.conf jobs/*.txt \
             jobs/check-imagenet.sh jobs/fetch-weights.sh jobs/train-rows.sh slurm/* README.md LICENSE docs/*.png docs/*.md \
             analysis/*.py analysis/*.md analysis/*.txt)
# Manual pages, which the program prints from its tables of options: PAGE.SECTION. Not compressed: packagers do that.
MAN      := $(PREFIX)/share/man
PAGES    := quantcam.1 quantcam-job.5 $(patsubst src/cli/cmd_%.c,quantcam-%.1,$(wildcard src/cli/cmd_*.c))
install: all                ## PREFIX=/usr/local DESTDIR=: the program, manual pages; models, jobs, slurm, README in PREFIX/share/quantcam
	@install -D -m 755 $(B)/quantcam '$(DESTDIR)$(PREFIX)/bin/quantcam'
	@for file in $(INSTALLED); do \
	     mode=644; [ ! -x $$file ] || mode=755; \
	     install -D -m $$mode $$file '$(DESTDIR)$(SHARE)'/$$file || exit 1; done
	@install -d '$(DESTDIR)$(MAN)/man1' '$(DESTDIR)$(MAN)/man5'
	@umask 022; for page in $(PAGES); do \
	     name=$${page%.*}; name=$${name#quantcam}; name=$${name#-}; \
	     case $$name in job) set -- run --help=job ;; '') set -- --help=man ;; *) set -- $$name --help=man ;; esac; \
	     $(B)/quantcam "$$@" > '$(DESTDIR)$(MAN)'/man$${page##*.}/$$page || exit 1; done
	@echo "installed $(DESTDIR)$(PREFIX)/bin/quantcam and $(DESTDIR)$(SHARE); jobs name paths below the latter: start them there, or with absolute paths"
uninstall:                  ## remove what install put there (the same PREFIX and DESTDIR)
	@rm -f '$(DESTDIR)$(PREFIX)/bin/quantcam'
	@for file in $(INSTALLED); do rm -f '$(DESTDIR)$(SHARE)'/$$file; done
	@for page in $(PAGES); do rm -f '$(DESTDIR)$(MAN)'/man$${page##*.}/$$page; done
	@for dir in man1 man5; do [ ! -d '$(DESTDIR)$(MAN)'/$$dir ] || rmdir --ignore-fail-on-non-empty '$(DESTDIR)$(MAN)'/$$dir; done
	@[ ! -d '$(DESTDIR)$(SHARE)' ] || find '$(DESTDIR)$(SHARE)' -depth -type d -empty -delete

deps:                       ## install the Debian packages that are missing (as root or with sudo)
	@jobs/install-deps.sh

show:                       ## the settings that a build uses
	@echo "V          $(V)"; echo "MPICC      $(MPICC): $$($(MPICC) --version 2>&1 | head -1)"; echo "CFLAGS     $(CFLAGS)"; \
	 echo "CPPFLAGS   $(CPPFLAGS)"; echo "LDLIBS     $(LDLIBS)"; echo "MPIRUN     $(MPIRUN)"

clean:                      ## remove build/
	rm -rf build

help:                       ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## */  \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

-include $(OBJ:.o=.d) $(TEST:=.d)
