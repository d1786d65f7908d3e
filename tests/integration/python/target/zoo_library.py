"""The standard library's own types, those written in C above all."""

import array
import codecs
import collections
import csv
import datetime
import decimal
import functools
import hashlib
import io
import json
import operator
import os
import pickle
import random
import re
import select
import socket
import struct
import sys
import tempfile
import threading
import time
import zlib


def collection_objects():
    yield collections.deque()
    for size in [1, 5, 63, 64, 65, 200]:
        yield collections.deque(range(size))
        yield collections.deque([[i] for i in range(size)], maxlen=50)
    turned = collections.deque(range(100))
    turned.rotate(30)
    for _ in range(70):
        turned.popleft()
    yield turned
    yield iter(turned)
    yield reversed(turned)
    for size in [0, 1, 3, 50]:
        ordered = collections.OrderedDict(("k%d" % i, [i]) for i in range(size))
        yield ordered
        yield collections.OrderedDict((i, i) for i in range(size))
    ordered = collections.OrderedDict((i, i) for i in range(50))
    ordered.move_to_end(3) if hasattr(ordered, "move_to_end") else None
    for i in range(0, 50, 2):
        del ordered[i]
    yield ordered
    yield ordered.keys()
    yield iter(ordered)
    yield collections.defaultdict(list, {"a": [1]})
    yield collections.defaultdict(None, {1: 2})
    yield collections.defaultdict(lambda: 1)
    yield collections.Counter("mississippi")
    yield collections.OrderedDict(a=collections.OrderedDict())
    if hasattr(collections, "ChainMap"):
        yield collections.ChainMap({"a": 1}, {"b": 2})
        yield collections.UserDict({"u": 1})
        yield collections.UserList([1])


def functional_objects():
    yield functools.partial(int, base=2)
    yield functools.partial(len)
    yield functools.partial(functools.partial(max, 1), 2, key=abs)
    yield functools.cmp_to_key(lambda a, b: 0)(3)
    yield operator.itemgetter(1)
    yield operator.itemgetter(1, 2)
    yield operator.attrgetter("a.b", "c")
    yield operator.methodcaller("name", 1, key=2)
    if hasattr(functools, "lru_cache"):
        for bound in [None, 5, 0, 128]:
            @functools.lru_cache(maxsize=bound)
            def cached(number, more=None):
                return [number]
            for i in range(20):
                cached(i)
                cached(i, more=str(i))
            yield cached
        typed = functools.lru_cache(maxsize=8, typed=True)(lambda x: x)
        typed(1)
        typed(1.0)
        yield typed

        @functools.singledispatch
        def dispatch(argument):
            pass
        dispatch.register(int)(lambda argument: None)
        yield dispatch


def io_objects():
    yield io.BytesIO()
    yield io.BytesIO(b"x" * 1000)
    written = io.BytesIO()
    written.write(b"y" * 777)
    yield written
    view = io.BytesIO(b"viewed" * 100)
    yield view
    yield view.getbuffer() if hasattr(view, "getbuffer") else None
    yield io.StringIO()
    yield io.StringIO(u"text" * 100)
    text = io.StringIO()
    text.write(u"abc\u0394" * 50)
    yield text
    held = tempfile.mkdtemp()
    path = os.path.join(held, "file")
    for mode, options in [("wb", {}), ("w", {"encoding": "utf-8"}), ("rb", {}), ("r", {"encoding": "latin-1"}), ("r+b", {}),
                          ("r+", {"encoding": "utf-8"}), ("rb", {"buffering": 0}), ("wb", {"buffering": 100}),
                          ("a", {"encoding": "utf-8", "newline": "\n"})]:
        yield io.open(path, mode, **options)
    closed = io.open(path, "rb")
    closed.close()
    yield closed
    os.unlink(path)
    os.rmdir(held)
    reader, writer = os.pipe()
    yield io.BufferedRWPair(io.open(reader, "rb", 0), io.open(writer, "wb", 0))
    yield io.TextIOWrapper(io.BytesIO(b"a\nb"), encoding="utf-8")
    yield io.IncrementalNewlineDecoder(None, True)
    yield [sys.stdin, sys.stdout, sys.stderr]
    yield tempfile.TemporaryFile()
    yield codecs.getincrementaldecoder("utf-8")()


def value_objects():
    yield array.array("i", range(100))
    yield array.array("d")
    grown = array.array("b")
    for i in range(100):
        grown.append(i)
    yield grown
    yield iter(grown)
    if sys.version_info[0] >= 3:
        yield memoryview(grown)
    yield datetime.date(2020, 1, 2)
    yield datetime.datetime(2020, 1, 2, 3, 4, 5, 6)
    yield datetime.time(1, 2)
    yield datetime.timedelta(1, 2, 3)
    if hasattr(datetime, "timezone"):
        yield datetime.timezone.utc
        yield datetime.timezone(datetime.timedelta(hours=1), "name")
        yield datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc)
        yield datetime.time(1, 2, tzinfo=datetime.timezone.utc)
    yield decimal.Decimal("1.5")
    yield decimal.Decimal("1" * 100)
    yield decimal.getcontext().copy()
    yield struct.Struct("<iq")
    yield struct.Struct("10s3i")
    if hasattr(struct, "iter_unpack"):
        yield struct.iter_unpack("i", b"12345678")
    yield random.Random(5)
    yield re.compile("a(b)*c")
    yield re.compile(b"[\\w]{3,10}" + b"x" * 50)
    yield re.match("a(?P<name>b)", "abc")
    yield re.finditer("a", "aaa")
    yield re.compile("x").scanner("xxx")
    yield time.localtime(0)
    yield os.stat("/")
    yield hashlib.md5(b"x") if hasattr(hashlib, "md5") else None
    yield hashlib.sha256(b"x")
    yield zlib.compressobj()
    yield zlib.decompressobj()
    yield csv.reader(["a,b"])
    yield csv.writer(io.StringIO())
    yield csv.Dialect
    yield csv.excel()
    yield json.JSONDecoder()
    yield json.JSONEncoder()
    yield pickle.Pickler(io.BytesIO(), 2)
    yield pickle.Unpickler(io.BytesIO(b"N."))


def system_objects():
    yield socket.socketpair()
    yield threading.Lock()
    yield threading.RLock()
    yield threading.Condition()
    yield threading.Event()
    yield threading.Semaphore(2)
    local = threading.local()
    local.attribute = 1
    yield local
    yield threading.current_thread()
    yield select.poll()
    if hasattr(select, "epoll"):
        yield select.epoll()


def optional_objects():
    """What a minimal installation may lack; its absence is said, not hidden."""
    for make in [ctypes_objects, sqlite_objects, xml_objects, queue_objects, contextvar_objects, pathlib_objects,
                 compression_objects, ast_objects, uuid_objects, ssl_objects, concurrent_objects]:
        try:
            yield list(make())
        except ImportError as error:
            sys.stderr.write("zoo: %s left out: %s\n" % (make.__name__, error))


def ctypes_objects():
    import ctypes

    class Pair(ctypes.Structure):
        _fields_ = [("x", ctypes.c_int), ("p", ctypes.c_char_p)]

    class Either(ctypes.Union):
        _fields_ = [("i", ctypes.c_int), ("d", ctypes.c_double)]

    yield [Pair(1, b"x"), Either(), (ctypes.c_int * 5)(1, 2), (ctypes.c_int * 500)(), ctypes.c_double(1.5),
           ctypes.pointer(ctypes.c_int(3)), ctypes.c_char_p(b"x"), ctypes.create_string_buffer(100),
           ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda x: x), ctypes.byref(ctypes.c_int()), ctypes.py_object([1]),
           ctypes.CDLL(None).strlen, Pair.x]


def sqlite_objects():
    import sqlite3
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    cursor = connection.execute("create table t (a, b)")
    connection.execute("insert into t values (1, 'x')")
    rows = connection.execute("select * from t")
    yield [connection, cursor, rows, rows.fetchone()]


def xml_objects():
    from xml.etree import ElementTree
    yield ElementTree.fromstring("<a x='1'><b>text</b>" + "<c/>" * 20 + "</a>")
    yield ElementTree.TreeBuilder()
    yield ElementTree.XMLParser()


def queue_objects():
    if sys.version_info < (3, 7):
        return
    import queue
    yield queue.SimpleQueue()
    filled = queue.SimpleQueue()
    filled.put([1])
    yield filled
    yield queue.Queue()


def contextvar_objects():
    if sys.version_info < (3, 7):
        return
    import contextvars
    variables = [contextvars.ContextVar("v%d" % i, default=[i]) for i in range(50)]
    token = variables[0].set([0])
    for variable in variables[1:20]:
        variable.set({})
    yield variables
    yield token
    yield contextvars.copy_context()


def pathlib_objects():
    if sys.version_info < (3,):
        return
    import pathlib
    yield pathlib.Path("/a/b/c")
    yield pathlib.Path("/a").joinpath("x").parent


def compression_objects():
    import bz2
    yield bz2.BZ2Compressor()
    if sys.version_info >= (3,):
        import lzma
        yield lzma.LZMACompressor()


def ast_objects():
    import ast
    yield ast.parse("x = [1, 'a']\nfor i in x: print(i)")


def uuid_objects():
    import uuid
    yield uuid.UUID(int=5)


def ssl_objects():
    import ssl
    yield ssl.create_default_context()


def concurrent_objects():
    if sys.version_info < (3,):
        return
    import concurrent.futures
    yield concurrent.futures.Future()


def build(samples):
    shown = [list(collection_objects()), list(functional_objects()), list(io_objects())]
    for group in shown:
        samples.extend(group)
    return [shown, list(value_objects()), list(system_objects()), list(optional_objects())]
