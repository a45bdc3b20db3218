#!/usr/bin/env python3
"""Makes tests/weight/data/objects_P.pkl for every protocol P of Python's pickle: what training scripts keep beside a state dict,
and what pickles are able to say at all. tests/weight/test_pickle.c reads them.

    python3 tests/weight/data/make_pickles.py
"""
import argparse
import collections
import datetime
import decimal
import enum
import fractions
import functools
import pathlib
import pickle
import random
import sys

OUT = pathlib.Path(__file__).resolve().parent


class Mode(enum.Enum):
    TRAIN = 1


class Slots:
    __slots__ = ('a', 'b')

    def __init__(self):
        self.a, self.b = 1, 'two'


class Named:
    def __new__(cls, *arguments, **named):
        return super().__new__(cls)

    def __getnewargs_ex__(self):
        return (1, 2), {'three': 3}


class Attributes(dict):
    pass


class Ordered(collections.OrderedDict):
    pass


class Numbers(list):
    pass


Point = collections.namedtuple('Point', 'x y')


def attributes():
    a = Attributes(inside='dict of a subclass')
    a.mark = 5
    return a


def numbers():
    n = Numbers([1, 2, 3])
    n.mark = 5
    return n


def whole(protocol):
    values = {
        'namespace': argparse.Namespace(lr=0.1, sizes=[1, 2], nested=argparse.Namespace(x=None)),
        'counter': collections.Counter({30: 1}),
        'default': collections.defaultdict(list, {'inside': 'defaultdict'}),
        'ordered': Ordered(inside='OrderedDict of a subclass'),
        'attributes': attributes(),
        'list': numbers(),
        'deque': collections.deque([1, 2], maxlen=5),
        'set': {1, 2, 'three'}, 'frozenset': frozenset({1, 2}),
        'bytes': b'\0\1\xff', 'many bytes': bytes(300), 'bytearray': bytearray(b'abc\xff'),
        'complex': 1 + 2j, 'range': range(3), 'slice': slice(1, 2),
        'path': pathlib.PurePosixPath('/a/b'), 'date': datetime.date(2024, 1, 31),
        'datetime': datetime.datetime(2024, 1, 31, 12, tzinfo=datetime.timezone.utc), 'delta': datetime.timedelta(seconds=5),
        'decimal': decimal.Decimal('1.5'), 'fraction': fractions.Fraction(1, 3),
        'enum': Mode.TRAIN, 'point': Point(1, 2), 'error': ValueError('no'), 'partial': functools.partial(int, base=2),
        'class': argparse.Namespace, 'random': random.Random(1).getstate(),
        'small': 5, 'byte': 200, 'short': 60000, 'negative': -2, 'long': 2 ** 40, 'minus': -2 ** 40, 'huge': 2 ** 70, 'vast': -2 ** 3000,
        'real': 2.5, 'tiny': 5e-324, 'infinite': float('inf'), 'nan': float('nan'),
        'true': True, 'false': False, 'none': None,
        'text': 'plain', 'empty': '', 'umlaut': 'gr\u00fc\u00df', 'long text': 'x' * 300, 'escaped': 'a\nb\\',
        'tuples': ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)), 'lists': [[], [1]], 'dicts': [{}, {'k': 'v'}],
    }
    if protocol >= 2:
        values |= {'slots': Slots(), 'named': Named()}
    return {'before': 1, 'values': values, 'again': values['text'], 'after': [7]}


if __name__ == '__main__':
    sys.modules['__main__'].__dict__['__name__'] = '__main__'
    for protocol in range(6):
        (OUT / f'objects_{protocol}.pkl').write_bytes(pickle.dumps(whole(protocol), protocol))
