"""One-token changes ("mutants") of src/*/*.c, drawn by seed from all rooms: is each noticed by a test?

A copy of the working tree in STATE/tree is built once, the library as a shared one, so that a mutant costs one object
and one link. For each mutant run, until one fails: the tests of the file and of its room, the tests of the rooms that
may include the room, the e2e scripts (fast ones first), and, where QUANTCAM_SHARED and QUANTCAM_PYTHON are set, the
oracles, which a bare machine lacks. A mutant that does not compile, or compiles to the same code, is not counted.
STATE/table.tsv has a line a mutant, and the next start goes on behind it:

    number  file:line  kind  verdict (killed, survived, void, open)  by  before  after

With --units only unit tests run, and what they do not notice stays open; a start without --units ends the open ones first.
Of two lines with one number the later one counts.

Not drawn: headers, comments, texts (but names of datasets), sizes of char arrays, what gives memory or files back,
kernels of instruction sets that this machine lacks. A survivor is to be looked at: does it change any result?
"""
import argparse
import collections
import filecmp
import glob
import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

PARALLEL = ('comm', 'store', 'phase')
TYPES = r'(const|static|struct|enum|union|char|int|long|unsigned|float|double|void|status|FILE|extern|\w+_t|MPI_\w+|va_list)\b'
ERRORS = ('ERR_FORMAT', 'ERR_IO', 'ERR_USAGE', 'ERR_MISMATCH')


def masked(text):
    """The text with comments, strings, characters and preprocessor lines blanked, and the strings' places."""
    out, strings, i = list(text), [], 0
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^[ \t]*#(?:\\\n|[^\n])*', re.S | re.M)
    for m in pattern.finditer(text):
        if m.group()[0] == '"':
            strings.append(m.span())
        for i in range(*m.span()):
            if out[i] != '\n':
                out[i] = ' ' if m.group()[0] != '"' else '\x01'
    return ''.join(out), strings


def other_int(m, rng):
    n = int(m.group(1))
    return str(n + (1 if n == 0 else rng.choice((-1, 1))))


SWAP = {'<': '<=', '<=': '<', '>': '>=', '>=': '>', '==': '!=', '!=': '==', '+': '-', '-': '+', '*': '/', '/': '*',
        '&&': '||', '||': '&&', '+=': '-=', '-=': '+='}
ARGUMENT = r'[\w.\->\[\]&]+'
# kind: (pattern on masked text, what stands in its place)
KINDS = {
    'compare': (re.compile(r'(?<= )(<=|>=|==|!=|<|>)(?= )'), lambda m, rng: SWAP[m.group()]),
    'arithmetic': (re.compile(r'(?<=[\w)\]] )(\+=|-=|[-+*/])(?= [\w(\-])'), lambda m, rng: SWAP[m.group()]),
    'logic': (re.compile(r'&&|\|\|'), lambda m, rng: SWAP[m.group()]),
    'constant': (re.compile(r'(?<![\w.])(\d{1,9})(?![\w.])'), other_int),
    'real': (re.compile(r'(?<![\w.])(\d+\.\d*)(?=f?\b|f?[ ,;)])'), lambda m, rng: m.group() + ' * 1.01 + 1.'),
    'not': (re.compile(r'(?<=[( ])!(?=[\w(])'), lambda m, rng: ''),
    'negated': (re.compile(r'(?<=\bif )\((?=[^\n]*\)[^\n)]*$)', re.M), None),
    'removed': (re.compile(r'(?<=[;{}])\n +(?=\S)(?!(?:' + TYPES + r'|return|goto|case|default|mem_free|free|fclose|close|va_))'
                           r'([^\n;{}]*);(?=\n)'), None),
    'return': (re.compile(r'(?<=\breturn )([a-z][\w.\->]*)(?=;)'), lambda m, rng: '0'),
    'error': (re.compile(r'\bERR_(?:' + '|'.join(e[4:] for e in ERRORS) + r')\b'),
              lambda m, rng: rng.choice([e for e in ERRORS if e != m.group()])),
    'arguments': (re.compile(r'(?<=[(,])( ?)(' + ARGUMENT + r'), (' + ARGUMENT + r')(?=[,)])'),
                  lambda m, rng: m.group(1) + m.group(3) + ', ' + m.group(2)),
}


def sites(text):
    """kind: places (start, end, what stands there then, as a function of a random generator)."""
    mask, strings = masked(text)
    found = collections.defaultdict(list)
    for kind, (pattern, change) in KINDS.items():
        for m in pattern.finditer(mask):
            line = mask[mask.rfind('\n', 0, m.start()) + 1:mask.find('\n', m.end())]
            if kind == 'constant' and re.search(r'\bchar \w+\[|_Static_assert|\benum\b', line):
                continue
            if kind == 'negated':
                end, depth = m.end(), 1
                while depth:
                    depth += {'(': 1, ')': -1}.get(mask[end], 0)
                    end += 1
                found[kind].append((m.end(), end - 1, lambda rng, a=m.end(), b=end - 1: '!(' + text[a:b] + ')'))
            elif kind == 'removed':
                if m.group(2).count('(') == m.group(2).count(')') and m.group(2).strip():
                    found[kind].append((m.start(2), m.end(2), lambda rng: ''))
            elif kind != 'arguments' or m.group(2) != m.group(3):
                found[kind].append((m.start(), m.end(), lambda rng, m=m, change=change: change(m, rng)))
    for start, end in strings:
        if re.fullmatch(r'"/[a-z][\w/%]*"', text[start:end]):
            found['name'].append((start, end, lambda rng, a=start, b=end: text[a:b - 1] + 'x"'))
    return found


def instruction_sets():
    flags = open('/proc/cpuinfo').read()
    return [name for name, flag in (('ref', ''), ('avx2', ' avx2'), ('avx512vnni', ' avx512_vnni')) if flag in flags]


def draw(rng):
    """A mutant of the tree: file, line number, kind, text before and after of the whole file."""
    files = collections.defaultdict(list)
    for path in sorted(glob.glob('src/*/*.c') + glob.glob('src/kernel/*/*.c')):
        if path.count('/') == 2 or path.split('/')[2] in instruction_sets():
            files[path.split('/')[1]].append(path)
    while True:
        room = rng.choice(sorted(files))
        path = rng.choices(files[room], [os.path.getsize(p) for p in files[room]])[0]
        text = open(path).read()
        found = sites(text)
        if not found:
            continue
        kind = rng.choice(sorted(found))
        start, end, change = rng.choice(found[kind])
        return path, text.count('\n', 0, start) + 1, kind, text, text[:start] + change(rng) + text[end:]


def line_of(text, number):
    return ' '.join(text.split('\n')[number - 1].split())


class Machine:
    def __init__(self, state):
        self.log = open(os.path.join(state, 'log'), 'a')
        shown = subprocess.run(['make', '-s', 'show', *self.settings()], capture_output=True, text=True, check=True).stdout
        self.flags = {line.split()[0]: shlex.split(line)[1:] for line in shown.splitlines()}
        self.mpicc = shlex.split(os.environ.get('MPICC', 'mpicc'))
        self.tests = sorted(glob.glob('tests/*/test_*.c'))
        self.room = {t: t.split('/')[1] for t in self.tests}
        self.baseline_path = os.path.join(state, 'baseline.json')
        self.seconds = json.load(open(self.baseline_path)) if os.path.exists(self.baseline_path) else {}
        lines = [line.split() for line in open('src/LAYERS') if line.strip() and line[0] != '#']
        self.above = {line[0]: [w for w in line[1:] if w[0] != '<'] for line in lines}

    def settings(self):
        return ['V=release', 'CFLAGS=-O1 -g0 -DNDEBUG -fPIC -fno-semantic-interposition -Werror=int-conversion '
                '-Werror=incompatible-pointer-types']

    def execute(self, command, limit, **env):
        """The exit status; None: it took longer. Its whole process group goes with it."""
        self.log.write('$ ' + ' '.join(command) + '\n')
        self.log.flush()
        child = subprocess.Popen(command, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, start_new_session=True,
                                 env={**os.environ, **env})
        try:
            return child.wait(limit)
        except subprocess.TimeoutExpired:
            return None
        finally:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()

    def build(self):
        """Objects, the shared library and the program; whether that worked."""
        jobs = f'-j{os.cpu_count()}'
        if self.execute(['make', jobs, 'build/release/quantcam', *self.settings()], 900) != 0:
            return False
        objects = [o for o in glob.glob('build/release/obj/*/*.o') + glob.glob('build/release/obj/kernel/*/*.o')
                   if not o.endswith(('cli/main.o', 'cli/preinit.o'))]  # what is for programs alone
        return self.execute([*self.mpicc, '-shared', '-Wl,-Bsymbolic', *objects, *self.flags['LDLIBS'],
                             '-o', 'build/libquantcam.so'], 120) == 0

    def build_tests(self, changed):
        headers = any(name.endswith('.h') for name in changed)
        for test in self.tests:
            out = self.binary(test)
            if os.path.exists(out) and not headers and test not in changed:
                continue
            os.makedirs(os.path.dirname(out), exist_ok=True)
            if self.execute([*self.mpicc, *[f for f in self.flags['CPPFLAGS'] if f not in ('-MMD', '-MP')], '-Itests', '-Isrc',
                             *self.flags['CFLAGS'], test, 'build/libquantcam.so', f'-Wl,-rpath,{os.path.abspath("build")}',
                             *self.flags['LDLIBS'], '-o', out], 120) != 0:
                sys.exit(f'mutate: {test} does not build: see the log')

    def binary(self, test):
        return 'build/release/' + test[:-2]

    def command(self, name):
        """What a test's name stands for: tests/room/test_x.c on 1 to 3 ranks (":2"), or a script."""
        path, _, ranks = name.partition(':')
        if path.endswith('.sh'):
            return [path]
        return ['mpirun', '-np', ranks, self.binary(path)] if ranks else [self.binary(path)]

    def passes(self, name, program='build/release/quantcam'):
        bare = {} if 'oracle_' in name and self.is_more(name) else {'QUANTCAM_SHARED': '/nonexistent', 'QUANTCAM_PYTHON': 'python3'}
        path = name.replace(' with more', '')
        limit = 40 + 8 * self.seconds.get(name.replace(':3', ':2'), 80)
        return self.execute(self.command(path), limit, QUANTCAM=os.path.abspath(program), V='release', B='build/release', **bare) in (0, 77)

    def is_more(self, name):
        return name.endswith(' with more')

    def measure(self, names):
        """How long they take without a change: scripts run the kept program, tests need the library as it was."""
        for name in names:
            if name not in self.seconds:
                start = time.time()
                good = self.passes(name, 'build/quantcam.clean')
                self.seconds[name] = time.time() - start if good else -1
                if not good:
                    print(f'mutate: {name} fails without any change: left out', flush=True)
                json.dump(self.seconds, open(self.baseline_path, 'w'), indent=0)

    def sound(self, names):
        """Those that pass without a change, the fastest first."""
        return sorted((n for n in names if self.time_of(n) >= 0), key=self.time_of)

    def time_of(self, name):
        return self.seconds.get(name.replace(':3', ':2'), -1)

    def unit_names(self, tests, ranks=(2,)):
        return [f'{t}:{np}' for t in tests if self.room[t] in PARALLEL for np in ranks] + [
            t for t in tests if self.room[t] not in PARALLEL]

    def stages(self, path):
        """Lists of tests, the nearest first: (stage, names)."""
        room, own = path.split('/')[1], f'tests/{path.split("/")[1]}/test_{os.path.basename(path)[:-2]}.c'
        near = [t for t in self.tests if self.room[t] == room]
        far = [t for t in self.tests if room in self.above.get(self.room[t], [])]
        yield 'unit', self.unit_names([own] if own in near else [], (2, 3))
        yield 'unit', self.unit_names([t for t in near if t != own], (2, 3))
        yield 'unit', self.unit_names(far)
        yield 'e2e', sorted(glob.glob('tests/e2e/*.sh'))
        yield 'fault', ['tests/faults/test_verify.sh', 'tests/faults/test_forged.sh', 'tests/faults/test_hostile.sh']
        if os.environ.get('QUANTCAM_SHARED') and os.environ.get('QUANTCAM_PYTHON'):
            yield 'oracle', [s + ' with more' for s in sorted(glob.glob('tests/e2e/oracle_*.sh'))]


def update_tree(root, tree):
    """The tree as the working copy is; what had changed."""
    listed = subprocess.run(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], cwd=root, capture_output=True,
                            check=True).stdout.decode().split('\0')
    changed = []
    for name in filter(None, listed):
        a, b = os.path.join(root, name), os.path.join(tree, name)
        if os.path.exists(a) and not (os.path.exists(b) and filecmp.cmp(a, b, shallow=False)):
            os.makedirs(os.path.dirname(b), exist_ok=True)
            shutil.copy(a, b)
            changed.append(name)
    for kept in glob.glob('src/*/*.[ch]', root_dir=tree) + glob.glob('tests/*/*.[ch]', root_dir=tree):
        if not os.path.exists(os.path.join(root, kept)):
            os.remove(os.path.join(tree, kept))
            changed.append(kept)
    return changed


def try_one(machine, path, text, mutant, units):
    """Verdict, and by what."""
    object_path = f'build/release/obj/{path[4:-2]}.o'
    before = open(object_path, 'rb').read()
    open(path, 'w').write(mutant)
    try:
        if not machine.build():
            return 'void', 'does not compile'
        if open(object_path, 'rb').read() == before:
            return 'void', 'the same code'
        for stage, names in machine.stages(path):
            if units and stage != 'unit':
                return 'open', ''
            if stage != 'unit':
                machine.measure(names)
            for name in machine.sound(names):
                if not machine.passes(name) and not machine.passes(name):  # a busy machine may fail a test once
                    return 'killed', f'{stage} {name}'
        return 'survived', ''
    finally:
        open(path, 'w').write(text)


def again_made(text, at, before, after):
    """The line number and text of a change that is known by its line before and after, blanks apart; the nearest such line."""
    rows = text.split('\n')
    fits = [i for i, row in enumerate(rows) if ' '.join(row.split()) == before]
    if not fits:
        return None
    near = min(fits, key=lambda i: abs(i + 1 - at))
    rows[near] = after
    return near + 1, '\n'.join(rows)


def totals(lines):
    count = collections.Counter(line[3] if line[3] != 'killed' else 'killed by ' + line[4].split()[0] for line in lines)
    tried = sum(n for what, n in count.items() if what != 'void')
    noticed = tried - count['survived'] - count['open']
    print(f'mutants {tried}: noticed {noticed} ({100 * noticed / max(tried, 1):.1f} %): '
          + ', '.join(f'{what} {n}' for what, n in sorted(count.items())))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--mutants', type=int, default=200, help='up to this number in all (200)')
    parser.add_argument('--seed', default='1')
    parser.add_argument('--state', default='build/mutate', help='the folder of the tree and the table (build/mutate)')
    parser.add_argument('--units', action='store_true', help='unit tests alone; the rest later')
    parser.add_argument('--again', type=int, nargs='+', default=[], metavar='NUMBER', help='these mutants of the table once more')
    options = parser.parse_args()
    root, state = os.getcwd(), os.path.abspath(options.state)
    tree, table = os.path.join(state, 'tree'), os.path.join(state, 'table.tsv')
    os.makedirs(os.path.join(state, 'tmp'), exist_ok=True)
    os.makedirs(tree, exist_ok=True)
    os.environ['TMPDIR'] = os.path.join(state, 'tmp')
    changed = update_tree(root, tree)
    os.chdir(tree)
    machine = Machine(state)
    if changed:
        machine.seconds = {n: s for n, s in machine.seconds.items() if s >= 0}
    if not machine.build():
        sys.exit(f'mutate: the sources do not build: see {state}/log')
    shutil.copy('build/release/quantcam', 'build/quantcam.clean')
    machine.build_tests(changed)
    machine.measure(machine.unit_names(machine.tests))
    lines = {}
    if os.path.exists(table):
        lines = {int(row.split('\t')[0]): row.rstrip('\n').split('\t') for row in open(table)}

    def one(number, path, at, kind, text, mutant):
        start = time.time()
        verdict, by = try_one(machine, path, text, mutant, options.units)
        lines[number] = [str(number), f'{path}:{at}', kind, verdict, by, line_of(text, at), line_of(mutant, at)]
        with open(table, 'a') as f:
            f.write('\t'.join(lines[number]) + '\n')
        print(f'{number} {path}:{at} {kind}: {verdict} {by} ({time.time() - start:.0f} s)', flush=True)

    again = options.again or [n for n, line in lines.items() if line[3] == 'open' and not options.units]
    for number in again:
        path, at = lines[number][1].split(':')
        text = open(path).read()
        made = again_made(text, int(at), *lines[number][5:7])
        if made:
            one(number, path, made[0], lines[number][2], text, made[1])
        else:
            print(f'{number} {path}:{at}: that line is not there any more')
    while not options.again and sum(line[3] != 'void' for line in lines.values()) < options.mutants:
        number = max(lines, default=0) + 1
        one(number, *draw(random.Random(f'{options.seed}:{number}')))
    totals(lines.values())


if __name__ == '__main__':
    main()
