"""The table of ratios that peers.py prints: on the terminal, and as Markdown."""

import json

HEAD = ('', 'ours, ms', 'peer, ms', 'ratio', 'fastest', 'n', 'goal', '', 'peer')


class Table:
    def __init__(self, machine):
        self.machine, self.rows, self.end = machine, [], ''

    def add(self, what, ours, theirs, peer, fastest=None, goal=None, wish=None, n=1):
        """Milliseconds of both; fastest: the ratio of the fastest runs; goal: of the ratio of medians; n: rounds."""
        ratio = theirs / ours
        verdict = '' if goal is None else 'MISSED' if ratio < goal else 'met'
        if wish and verdict == 'met' and ratio < wish:
            verdict = f'met, but not {wish}'
        self.rows.append({'what': what, 'ours_ms': ours, 'peer_ms': theirs, 'peer': peer, 'ratio': ratio, 'ratio_fastest': fastest,
                          'goal': goal, 'wish': wish, 'verdict': verdict, 'n': n})

    def limit(self, what, value, unit, goal, least, n=1):
        """A value with a goal; least: it should be at least that."""
        met = value >= goal if least else value <= goal
        self.rows.append({'what': what, 'value': value, 'unit': unit, 'goal': goal, 'verdict': 'met' if met else 'MISSED', 'n': n})

    def state(self, what, value, unit, n=1):
        """A value without a goal."""
        self.rows.append({'what': what, 'value': value, 'unit': unit, 'goal': None, 'verdict': '', 'n': n})

    def ended(self, load, seconds):
        self.end = f'load average at the end {load:.2f}; everything took {seconds / 60:.0f} min'

    def cells(self):
        """Rows of strings under HEAD; a value stands in ours' column, its unit in the peer's."""
        rows = []
        for r in self.rows:
            goal = '' if r['goal'] is None else f'{r["goal"]:g}'
            if 'value' in r:
                rows.append((r['what'], f'{r["value"]:.3f}', '', '', '', str(r['n']), goal, r['verdict'], r['unit']))
            else:
                fastest = f'{r["ratio_fastest"]:.2f}' if r['ratio_fastest'] else ''
                rows.append((r['what'], f'{r["ours_ms"]:.3f}', f'{r["peer_ms"]:.3f}', f'{r["ratio"]:.2f}', fastest, str(r['n']), goal,
                             r['verdict'], r['peer']))
        return rows

    def verdicts(self):
        wanted = [r for r in self.rows if r['goal'] is not None]
        return f'{sum(r["verdict"].startswith("met") for r in wanted)} of {len(wanted)} goals met; {self.end}'

    def show(self):
        rows = [HEAD, *self.cells()]
        widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
        print()
        for row in rows:
            print('  '.join(cell.ljust(w) if i in (0, 7, 8) else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))).rstrip())
        print(self.verdicts(), flush=True)

    def write(self, args, result):
        """--json and --markdown, where they are given; result: everything measured but the table."""
        for path, text in ((args.json, json.dumps({**result, 'table': self.rows}, indent=1)), (args.markdown, self.markdown())):
            if path:
                with open(path, 'w') as f:
                    f.write(text + '\n')

    def markdown(self):
        m = self.machine
        versions = ', '.join(f'{name} {version}' for name, version in m['packages'].items() if version)
        peak = ', '.join(f'{precision} {rate}' for precision, rate in m['peak'].items())
        lines = [f'One core of {m["cpu"]}, Linux {m["kernel"]}; its measured peak: {peak}. {m["quantcam"][0]}; Python {m["python"]}, '
                 f'{versions}. Medians of n interleaved rounds; `ratio` is the peer\'s time over ours, `fastest` that of the fastest runs.',
                 '', '| ' + ' | '.join(HEAD) + ' |', '|---|--:|--:|--:|--:|--:|--:|---|---|']
        lines += ['| ' + ' | '.join(row) + ' |' for row in self.cells()]
        return '\n'.join([*lines, '', self.verdicts() + '.', ''])
