#!/usr/bin/env python3
"""Recomputes every number of every trace in this package from raw transactions.

    python3 tracer.py [PACKAGE]

PACKAGE is the folder that holds this file (the default). Nothing but Python 3.8
or newer is needed: no network, no other module, and no part of the program that
wrote the package. The rules are those of the table "Following value" in README.txt.
The exit code is 0 where every number agrees, 3 where one differs or could not be
recomputed, and 2 where the package cannot be read.

What is taken on trust, because no transaction says it, stands in two kinds of files:
chain/*/coins.jsonl (coins older than the ledger) and runs/*/rules.json (which
addresses belong to services, by which label; which transactions look like CoinJoins).
That a coin is unspent cannot be proved by transactions: any node can be asked for it.
"""

import hashlib
import heapq
import json
import os
import sys
from calendar import timegm
from collections import Counter
from fractions import Fraction

POISON, HAIRCUT, FIFO, LIFO, FIFO_AGE, TIHO = "poison", "haircut", "fifo", "lifo", "fifo-age", "tiho"


class Unreadable(Exception):
    """A file is not what it should be."""


# ---------------------------------------------------------------- bytes

def sha256(b):
    return hashlib.sha256(b).digest()


def sha256d(b):
    return sha256(sha256(b))


def ripemd160(data):
    """RIPEMD-160, which newer builds of Python's hashlib leave out."""
    order = [list(range(16)), [7, 4, 13, 1, 10, 6, 15, 3, 12, 0, 9, 5, 2, 14, 11, 8]]
    order += [[3, 10, 14, 4, 9, 15, 8, 1, 2, 7, 0, 6, 13, 11, 5, 12],
              [1, 9, 11, 10, 0, 8, 12, 4, 13, 3, 7, 15, 14, 5, 6, 2],
              [4, 0, 5, 9, 7, 12, 2, 10, 14, 1, 3, 8, 11, 6, 15, 13]]
    other = [[5, 14, 7, 0, 9, 2, 11, 4, 13, 6, 15, 8, 1, 10, 3, 12],
             [6, 11, 3, 7, 0, 13, 5, 10, 14, 15, 8, 12, 4, 9, 1, 2],
             [15, 5, 1, 3, 7, 14, 6, 9, 11, 8, 12, 2, 10, 0, 4, 13],
             [8, 6, 4, 1, 3, 11, 15, 0, 5, 12, 2, 13, 9, 7, 10, 14],
             [12, 15, 10, 4, 1, 5, 8, 7, 6, 2, 13, 14, 0, 3, 9, 11]]
    turn = [[11, 14, 15, 12, 5, 8, 7, 9, 11, 13, 14, 15, 6, 7, 9, 8],
            [7, 6, 8, 13, 11, 9, 7, 15, 7, 12, 15, 9, 11, 7, 13, 12],
            [11, 13, 6, 7, 14, 9, 13, 15, 14, 8, 13, 6, 5, 12, 7, 5],
            [11, 12, 14, 15, 14, 15, 9, 8, 9, 14, 5, 6, 8, 6, 5, 12],
            [9, 15, 5, 11, 6, 8, 13, 12, 5, 12, 13, 14, 11, 8, 5, 6]]
    turn2 = [[8, 9, 9, 11, 13, 15, 15, 5, 7, 7, 8, 11, 14, 14, 12, 6],
             [9, 13, 15, 7, 12, 8, 9, 11, 7, 7, 12, 7, 6, 15, 13, 11],
             [9, 7, 15, 11, 8, 6, 6, 14, 12, 13, 5, 14, 13, 13, 7, 5],
             [15, 5, 8, 11, 14, 14, 6, 14, 6, 9, 12, 9, 12, 5, 15, 8],
             [8, 5, 12, 9, 12, 5, 14, 6, 8, 13, 6, 5, 15, 13, 11, 11]]
    add = [0, 0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xA953FD4E]
    add2 = [0x50A28BE6, 0x5C4DD124, 0x6D703EF3, 0x7A6D76E9, 0]
    mask = 0xFFFFFFFF
    mix = [lambda x, y, z: x ^ y ^ z, lambda x, y, z: (x & y) | (~x & z), lambda x, y, z: (x | ~y) ^ z,
           lambda x, y, z: (x & z) | (y & ~z), lambda x, y, z: x ^ (y | ~z)]

    def rotate(x, n):
        x &= mask
        return ((x << n) | (x >> (32 - n))) & mask

    text = data + b"\x80" + b"\0" * ((55 - len(data)) % 64) + (8 * len(data)).to_bytes(8, "little")
    h = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0]
    for at in range(0, len(text), 64):
        words = [int.from_bytes(text[at + i:at + i + 4], "little") for i in range(0, 64, 4)]
        lines = []
        for rows, turns, adds, mixes in ((order, turn, add, mix), (other, turn2, add2, mix[::-1])):
            a, b, c, d, e = h
            for r in range(5):
                for k in range(16):
                    t = rotate(a + mixes[r](b, c, d) + words[rows[r][k]] + adds[r], turns[r][k]) + e
                    a, e, d, c, b = e, d, rotate(c, 10), b, t & mask
            lines.append((a, b, c, d, e))
        p, q = lines
        h = [(h[1] + p[2] + q[3]) & mask, (h[2] + p[3] + q[4]) & mask, (h[3] + p[4] + q[0]) & mask,
             (h[4] + p[0] + q[1]) & mask, (h[0] + p[1] + q[2]) & mask]
    return b"".join(x.to_bytes(4, "little") for x in h)


class Reader:
    """Reads a serialised transaction from its beginning to its end."""

    def __init__(self, raw):
        self.raw, self.at = raw, 0

    def take(self, n):
        if n > len(self.raw) - self.at:
            raise Unreadable("a transaction ends too early")
        self.at += n
        return self.raw[self.at - n:self.at]

    def number(self, n):
        return int.from_bytes(self.take(n), "little")

    def count(self):
        n = self.number(1)
        return n if n < 0xFD else self.number({0xFD: 2, 0xFE: 4, 0xFF: 8}[n])


class Transaction:
    """A transaction, read from its own bytes."""

    def __init__(self, raw):
        r = Reader(raw)
        version = r.take(4)
        witness = raw[4:6] == b"\0\1"
        if witness:
            r.take(2)
        begin = r.at
        self.spends, self.outputs = [], []
        for _ in range(r.count()):
            hash_, index = r.take(32), r.number(4)
            r.take(r.count())
            r.take(4)
            self.spends.append((hash_[::-1].hex(), index))
        for _ in range(r.count()):
            value = r.number(8)
            self.outputs.append((value, r.take(r.count())))
        body = raw[begin:r.at]
        if witness:
            for _ in self.spends:
                for _ in range(r.count()):
                    r.take(r.count())
        stripped = version + body + r.take(4)
        if r.at != len(raw):
            raise Unreadable("bytes follow a transaction")
        self.short = len(stripped) == 64  # it cannot be told from two hashes of the merkle tree
        self.txid = sha256d(stripped)[::-1].hex()
        self.coinbase = len(self.spends) == 1 and self.spends[0] == ("00" * 32, 0xFFFFFFFF)
        if self.coinbase:
            self.spends = []


# ---------------------------------------------------------------- addresses

def base58(payload):
    digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    payload += sha256d(payload)[:4]
    n, text = int.from_bytes(payload, "big"), ""
    while n:
        n, k = divmod(n, 58)
        text = digits[k] + text
    return "1" * (len(payload) - len(payload.lstrip(b"\0"))) + text


def bech32(hrp, version, program):
    letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

    def checksum(values):
        state = 1
        for v in values:
            top = state >> 25
            state = (state & 0x1FFFFFF) << 5 ^ v
            for i, g in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
                state ^= g if top >> i & 1 else 0
        return state

    bits = "".join(format(b, "08b") for b in program)
    bits += "0" * (-len(bits) % 5)
    data = [version] + [int(bits[i:i + 5], 2) for i in range(0, len(bits), 5)]
    spread = [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp]
    last = checksum(spread + data + [0] * 6) ^ (1 if version == 0 else 0x2BC830A3)
    data += [last >> 5 * (5 - i) & 31 for i in range(6)]
    return hrp + "1" + "".join(letters[d] for d in data)


def address(script, net):
    """The address of a locking script; of one without an address its bytes stand for it."""
    n = len(script)
    if n == 25 and script[:3] == b"\x76\xa9\x14" and script[23:] == b"\x88\xac":
        return base58(bytes([net["pubkey_hash"]]) + script[3:23])
    if n == 23 and script[:2] == b"\xa9\x14" and script[22:] == b"\x87":
        return base58(bytes([net["script_hash"]]) + script[2:22])
    if n in (35, 67) and script[0] == n - 2 and script[-1:] == b"\xac" and script[1] in ((2, 3) if n == 35 else (4, 6, 7)):
        return base58(bytes([net["pubkey_hash"]]) + ripemd160(sha256(script[1:-1])))
    if net["hrp"] and 4 <= n <= 42 and script[1] == n - 2 and (script[0] == 0 and n in (22, 34) or 0x51 <= script[0] <= 0x60):
        return bech32(net["hrp"], script[0] - 0x50 if script[0] else 0, script[2:])
    return "script:" + script.hex()


def unspendable(script):
    return script[:1] == b"\x6a" or len(script) > 10000


# ---------------------------------------------------------------- the chain

class Row:
    """A transaction in its place in the chain."""

    def __init__(self, order, tx, block, position, net):
        self.order, self.tx, self.position = order, tx, position
        self.txid, self.height, self.time = tx.txid, block["height"], block["time"]
        self.outputs = []
        first = self.height == 0 and position == 0 and self.txid == net["genesis_coinbase"]
        gone = {"txid": self.txid, "height": self.height} in net["overwritten"]
        for value, script in tx.outputs:
            self.outputs.append((value, address(script, net), first or gone or unspendable(script)))
        self.paid = sum(value for value, _ in tx.outputs)
        self.inputs = []


class Input:
    """A coin that a transaction spends, and what is known of it."""

    def __init__(self, outpoint):
        self.outpoint = outpoint
        self.creator = None  # the row that created it
        self.known = False   # its value
        self.value, self.address, self.height = 0, None, None


class Chain:
    """The transactions of one ledger that are in the package, in the order of the chain."""

    def __init__(self, folder):
        self.net = load(folder, "network.json")
        blocks = {}
        for b in lines(folder, "blocks.jsonl"):
            blocks[b["hash"]] = check_block(b, self.net)
        self.rows, by_id, last = [], {}, None
        for t in lines(folder, "transactions.jsonl"):
            block = blocks[t["block"]]
            tx = Transaction(bytes.fromhex(t["raw"]))
            check_inclusion(tx, t, block)
            row = Row(len(self.rows), tx, block, t["position"], self.net)
            place = (row.height, row.position)
            if row.height is not None:
                if last is not None and place <= last:
                    raise Unreadable("transactions.jsonl is not in the order of the chain at " + tx.txid)
                last = place
            self.rows.append(row)
            by_id.setdefault(tx.txid, []).append(row)
        told = {(c["spender"], c["tx"], c["out"]): c for c in lines(folder, "coins.jsonl")}
        self.by_id, self.spender = by_id, {}
        for row in self.rows:
            for outpoint in row.tx.spends:
                coin = Input(outpoint)
                row.inputs.append(coin)
                older = [r for r in by_id.get(outpoint[0], []) if r.order < row.order]
                if older:  # of two of one txid (BIP 30), the last one before
                    coin.creator, coin.known = older[-1], True
                    if outpoint[1] >= len(older[-1].outputs):
                        raise Unreadable("%s spends an output that %s does not have" % (row.txid, outpoint[0]))
                    coin.value, coin.address, _ = older[-1].outputs[outpoint[1]]
                    self.spender.setdefault((older[-1].order, outpoint[1]), row)
                    continue
                c = told.get((row.txid,) + outpoint)
                if c:
                    coin.address, coin.height = c["address"], c["height"]
                    if c["value"] is not None:
                        coin.known, coin.value = True, int(c["value"])
                    if by_id.get(outpoint[0]) and c["value"] is not None:
                        later = by_id[outpoint[0]][-1].outputs
                        if outpoint[1] >= len(later) or later[outpoint[1]][0] != coin.value:
                            raise Unreadable("coins.jsonl contradicts the transaction " + outpoint[0])
            row.unresolved = any(not c.known for c in row.inputs)
            row.spent = sum(c.value for c in row.inputs)


def check_block(b, net):
    raw = bytes.fromhex(b["header"])
    if len(raw) != 80 or sha256d(raw)[::-1].hex() != b["hash"]:
        raise Unreadable("the header of block %s is not its own" % b["hash"])
    bits = int.from_bytes(raw[72:76], "little")

    def target(bits):
        return (bits & 0x7FFFFF) << 8 * (bits >> 24) >> 24

    if bits & 0x800000 or not 0 < target(bits) <= target(net["easiest_bits"]) or int(b["hash"], 16) > target(bits):
        raise Unreadable("block %s has no proof of work" % b["hash"])
    return {"height": b["height"], "time": int.from_bytes(raw[68:72], "little"), "root": raw[36:68]}


def check_inclusion(tx, t, block):
    if tx.txid != t["txid"]:
        raise Unreadable("the bytes of %s are another transaction's" % t["txid"])
    node, at = bytes.fromhex(tx.txid)[::-1], t["position"]
    for sibling in t["branch"]:
        sibling = bytes.fromhex(sibling)[::-1]
        if at & 1 and sibling == node:
            raise Unreadable("the merkle path of %s leads through a repeated hash" % tx.txid)
        node = sha256d(sibling + node if at & 1 else node + sibling)
        at >>= 1
    if node != block["root"] or at or tx.short:
        raise Unreadable("the merkle path of %s does not lead to its block" % tx.txid)


# ---------------------------------------------------------------- following value

class Coin:
    """A traced coin that waits for a transaction."""

    def __init__(self, row, index, amount, hops, mixed, own=False):
        self.row, self.index, self.amount = row, index, amount
        self.hops, self.mixed, self.own = hops, mixed, own
        self.via = None   # backward: the transaction that led here
        self.parts = []   # fifo, lifo, fifo-age: which units are traced, (from, to, start)
        self.shares = {}  # units by start


def apportion(units, weights, whole):
    """floor(units x weight / whole) each; the units left over to the largest remainders, ties to the earlier."""
    got = [units * w // whole for w in weights]
    rest = [units * w % whole for w in weights]
    left = units - sum(got)
    for i in sorted(range(len(weights)), key=lambda i: (-rest[i], i))[:left]:
        got[i] += 1
    return got


class Trace:
    def __init__(self, chain, rules, question):
        p = question["parameters"]
        self.chain, self.method = chain, question["method"]
        self.backward = question["direction"] == "backward"
        self.units = self.method in (FIFO, LIFO, FIFO_AGE)
        self.through = p["through_coinjoin"]
        self.max_hops = p["max_hops"]
        self.least = int(p["min_amount"] or 0)
        self.until = instant(p["until"])
        self.service = {s["address"]: s["service"] for s in rules["services"]}
        self.coinjoins = set(rules["coinjoins"])
        # What came after the ledger's last block, when the question was asked, was not there.
        self.partial = question["ledger"]["partial"]
        self.tip = None if self.partial else question["ledger"]["height"]
        self.ends, self.flows, self.steps = {}, [], 0
        self.waiting, self.queue = {}, []
        starts = []
        for s in question["start"]:
            rows = self.here(s["tx"])
            if not rows or s["out"] >= len(rows[-1].outputs):
                raise Unreadable("the start %s:%d is missing" % (s["tx"], s["out"]))
            starts.append((rows[-1], s["out"]))
        starts = sorted({(r.order, n): (r, n) for r, n in starts}.items())
        self.starts = {place: k for k, (place, _) in enumerate(starts)}
        for k, (_, (row, n)) in enumerate(starts):
            self.depart(k, row, n)
        while self.queue:
            order = abs(heapq.heappop(self.queue))
            coins = self.waiting.pop(order)
            row = chain.rows[order]
            if self.backward:
                self.step_backward(row, coins)
            else:
                self.step_forward(row, coins)

    def here(self, txid):
        return [r for r in self.chain.by_id.get(txid, []) if self.seen(r)]

    def seen(self, row):
        return self.tip is None or row.height <= self.tip

    def wait(self, row, coin):
        if row.order not in self.waiting:
            self.waiting[row.order] = []
            heapq.heappush(self.queue, -row.order if self.backward else row.order)
        self.waiting[row.order].append(coin)

    def spender_of(self, row, n):
        s = self.chain.spender.get((row.order, n))
        return s if s is not None and self.seen(s) else None

    def depart(self, k, row, n):
        value, _, burnt = row.outputs[n]
        c = Coin(row, n, value, 0, 0, own=True)
        c.parts, c.shares = [(0, value, k)], {k: value}
        if self.backward:
            return self.wait(row, c)
        spender = self.spender_of(row, n)
        if burnt or spender is None:
            self.flow(c, None)
            self.end("burnt" if burnt else "unspent", c)
        else:
            self.wait(spender, c)

    def flow(self, c, spender):
        self.flows.append((c.row.txid, c.index, c.amount, c.row.outputs[c.index][0], c.hops, spender))

    def end(self, kind, c, sweep=None, mixed=0, outpoint=None, spender=None, unknown=False):
        """Notes where value rests. Coins from outside the package are named by their outpoint."""
        if outpoint is None:
            outpoint, height = (c.row.txid, c.index), c.row.height
        else:
            outpoint, height = outpoint[0], outpoint[1]
        key = (kind, outpoint[0], outpoint[1], height if height is not None else -1)
        if key in self.ends:
            raise Unreadable("two ends of one name: %s" % (key,))
        self.ends[key] = {"amount": None if unknown else c.amount, "hops": c.hops, "sweep": sweep, "spender": spender,
                          "candidates": max(c.mixed, mixed),
                          "by_start": [(s, n) for s, n in sorted(c.shares.items()) if n or self.method == POISON]}

    def swept(self, row):
        """Whether a transaction pays addresses of one service and nobody else."""
        paid = {self.service.get(a) for value, a, _ in row.outputs if value}
        return len(paid) == 1 and None not in paid

    def blocked(self, row, c, order):
        """The reason, beside services, why a coin ends before a transaction; None where it goes on."""
        if not c.own and row.txid in self.coinjoins and not self.through:
            return "coinjoin"
        if row.unresolved and self.method != POISON or order is None:
            return "unresolved"
        if self.backward and row.tx.coinbase:
            return "origin"
        if self.max_hops is not None and c.hops >= self.max_hops or c.amount < self.least:
            return "limit"
        if self.until is not None and (row.time < self.until if self.backward else row.time > self.until):
            return "limit"
        return None

    def order(self, row):
        """The inputs' positions in the order of the queue; None where it cannot be known."""
        order = list(range(len(row.inputs)))
        if self.method != FIFO_AGE or row.unresolved:
            return order
        ages = []
        for i, c in enumerate(row.inputs):
            early = c.creator is None
            height = c.height if early else c.creator.height
            if height is None and (early or self.partial):
                return None
            if not early and not self.partial:
                height = float("inf")  # younger than what is older than the ledger
            ages.append((height, 0 if early else c.creator.order, bytes.fromhex(c.outpoint[0]) if early else b"", c.outpoint[1], i, early))
        ages.sort()
        for a, b in zip(ages, ages[1:]):
            if a[0] == b[0] and (a[5] != b[5] or a[5] and a[2] != b[2]):
                return None
        return [a[4] for a in ages]

    def divide(self, row, order, sources, values, whole):
        """Gives the sinks (outputs and fee; backward the inputs) what the sources bring: by sink
        (amount, parts, shares). Sources are (position, coin)."""
        total = sum(c.amount for _, c in sources)
        by_start = {}
        for _, c in sources:
            for s, n in c.shares.items():
                by_start[s] = by_start.get(s, 0) + n
        named = sorted(s for s, n in by_start.items() if n)
        if self.method == POISON:
            return [(v, [], {s: v for s in named}) for v in values]
        if self.units:
            return self.cut(row, order, sources, values)
        if self.method == HAIRCUT:
            got = apportion(total, values, whole)
        else:
            got, left = [0] * len(values), total
            for j in sorted(range(len(values) - 1), key=lambda j: (-values[j], j)):
                got[j] = min(values[j], left)
                left -= got[j]
            got[-1] = left
        sinks = []
        for g in got:
            split = apportion(g, [by_start[s] for s in named], total)
            sinks.append((g, [], dict(zip(named, split))))
        return sinks

    def cut(self, row, order, sources, values):
        """The queue of units: where each input, output and the fee lies in it, and what of it is traced."""
        at, ins, outs = 0, [None] * len(row.inputs), []
        for i in order:
            ins[i] = (at, at + row.inputs[i].value)
            at += row.inputs[i].value
        fee = row.spent - row.paid
        if self.method == LIFO:
            end = at
            for value, _, _ in row.outputs:
                outs.append((end - value, end))
                end -= value
            outs.append((0, fee))
        else:
            begin = 0
            for value, _, _ in row.outputs:
                outs.append((begin, begin + value))
                begin += value
            outs.append((begin, begin + fee))
        enter, leave = (outs, ins) if self.backward else (ins, outs)
        traced = sorted((enter[pos][0] + f, enter[pos][0] + t, s) for pos, c in sources for f, t, s in c.parts)
        sinks = []
        for low, high in leave[:len(values)]:
            parts, shares = [], {}
            for f, t, s in traced:
                f, t = max(f, low), min(t, high)
                if f < t:
                    if parts and parts[-1][1] == f - low and parts[-1][2] == s:
                        parts[-1] = (parts[-1][0], t - low, s)
                    else:
                        parts.append((f - low, t - low, s))
                    shares[s] = shares.get(s, 0) + t - f
            sinks.append((sum(shares.values()), parts, shares))
        return sinks

    def settle(self, row, coins, order, candidates, sweep):
        """Ends the coins that stop before a transaction, and returns those that go on."""
        sources = []
        for c in coins:
            pos = c.index
            if not self.backward:
                pos = next(i for i, x in enumerate(row.inputs) if x.creator is c.row and x.outpoint[1] == c.index)
                if not c.own and sweep and c.row.outputs[c.index][1] not in self.service:
                    self.flow(c, None)
                    self.end("service", c, sweep=row.txid)
                    continue
            reason = self.blocked(row, c, order)
            self.flow(c, c.via if self.backward else None if reason else row.txid)
            if reason:
                self.end(reason, c, mixed=candidates if reason == "coinjoin" else 0)
            else:
                sources.append((pos, c))
        if sources:
            self.steps += 1
        return sources

    def step_forward(self, row, coins):
        order = self.order(row)
        joins = row.txid in self.coinjoins
        candidates = sum(1 for value, _, _ in row.outputs if value) if joins else 0
        sources = self.settle(row, coins, order, candidates, self.swept(row))
        if not sources:
            return
        fee = 0 if row.unresolved else row.spent - row.paid
        if fee < 0:
            raise Unreadable("%s pays more than it spends" % row.txid)
        sinks = self.divide(row, order, sources, [v for v, _, _ in row.outputs] + [fee], row.spent)
        hops, mixed = 1 + min(c.hops for _, c in sources), max([candidates] + [c.mixed for _, c in sources])
        for n, (amount, parts, shares) in enumerate(sinks):
            is_fee = n == len(row.outputs)
            if not amount and not (is_fee and row.unresolved):
                continue
            c = Coin(row, None if is_fee else n, amount, hops, mixed)
            c.parts, c.shares = parts, shares
            if is_fee:
                self.end("fee", c, unknown=row.unresolved)
                continue
            kind = None
            if (row.order, n) in self.starts:
                kind = "start"
            elif row.outputs[n][2]:
                kind = "burnt"
            elif row.outputs[n][1] in self.service:
                kind = "service"
            elif self.spender_of(row, n) is None:
                kind = "unspent"
            if kind:
                self.flow(c, None)
                self.end(kind, c)
            else:
                self.wait(self.spender_of(row, n), c)

    def step_backward(self, row, coins):
        order = self.order(row)
        joins = row.txid in self.coinjoins
        candidates = len(row.inputs) if joins else 0
        sources = self.settle(row, coins, order, candidates, False)
        if not sources:
            return
        sinks = self.divide(row, order, sources, [c.value for c in row.inputs], row.spent)
        hops, mixed = 1 + min(c.hops for _, c in sources), max([candidates] + [c.mixed for _, c in sources])
        for x, (amount, parts, shares) in zip(row.inputs, sinks):
            if not amount and x.known:
                continue
            c = Coin(x.creator, x.outpoint[1], amount, hops, mixed)
            c.parts, c.shares = parts, shares
            c.via = row.txid
            kind, sweep = None, None
            if x.creator is not None and (x.creator.order, x.outpoint[1]) in self.starts:
                kind = "start"
            elif x.address in self.service:
                kind = "service"
            elif x.address is not None and self.swept(row):
                kind, sweep = "service", row.txid
            elif x.creator is None:
                kind = "unresolved"
            if x.creator is None:
                self.end(kind, c, sweep=sweep, outpoint=(x.outpoint, x.height), spender=row.txid, unknown=not x.known)
            elif kind:
                self.flow(c, row.txid)
                self.end(kind, c, sweep=sweep, unknown=not x.known)
            else:
                self.wait(x.creator, c)


def instant(text):
    """Seconds since 1970 of a time in UTC, exactly."""
    if not text:
        return None
    if not text.endswith("Z"):
        raise Unreadable("%s is no time in UTC" % text)
    whole, _, part = text[:-1].partition(".")
    day, clock = whole.split("T")
    moment = timegm(tuple(int(x) for x in day.split("-") + clock.split(":")) + (0, 0, 0))
    return moment + (Fraction(int(part), 10 ** len(part)) if part else 0)


# ---------------------------------------------------------------- the package

def once(pairs):
    """An object without a key that is there twice, of which others might read the other value."""
    if len({key.lower() for key, _ in pairs}) < len(pairs):
        raise Unreadable("a key is there twice among: " + ", ".join(key for key, _ in pairs))
    return dict(pairs)


def load(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        return json.load(f, object_pairs_hook=once)


def lines(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        return [json.loads(line, object_pairs_hook=once) for line in f if line.strip()]


def said(answer):
    """The ends that an answer states, in the form in which they are recomputed."""
    ends = {}
    for e in answer["ends"]:
        key = (e["kind"], e["tx"], e["out"], e["height"] if e["height"] is not None else -1)
        ends[key] = {"amount": None if e["amount"] is None else int(e["amount"]), "hops": e["hops"], "sweep": e.get("sweep"),
                     "spender": e.get("spender"), "candidates": e.get("candidates", 0),
                     "by_start": [(s["start"], int(s["amount"])) for s in e["by_start"]] if "by_start" in e else None}
    return ends


def compare(trace, answer):
    """What differs between a recomputed trace and the answer in the package."""
    faults, stated = [], said(answer)
    if len(stated) != len(answer["ends"]):
        faults.append("an end is stated twice")
    for key in sorted(set(stated) | set(trace.ends), key=str):
        a, b = stated.get(key), trace.ends.get(key)
        name = "%s %s%s" % (key[0], key[1], "" if key[2] is None else ":%d" % key[2])
        if a is None or b is None:
            faults.append("%s: %s" % (name, "the report does not have it" if a is None else "it is not found"))
            continue
        for field in a:
            if field == "by_start" and a[field] is None:
                continue
            if a[field] != b[field]:
                faults.append("%s: %s is %s, recomputed %s" % (name, field, a[field], b[field]))
    totals, counts = {}, {}
    for key, e in trace.ends.items():
        totals[key[0]] = totals.get(key[0], 0) + (e["amount"] or 0)
        counts[key[0]] = counts.get(key[0], 0) + 1
    if counts != answer["counts"]:
        faults.append("ends by kind: %s, recomputed %s" % (answer["counts"], counts))
    for kind in sorted(set(totals) | set(answer["totals"])):
        if int(answer["totals"].get(kind) or 0) != totals.get(kind, 0):
            faults.append("the total of %s: %s, recomputed %d" % (kind, answer["totals"].get(kind), totals.get(kind, 0)))
    for s in answer["start"]:
        value, where, _ = trace.here(s["tx"])[-1].outputs[s["out"]]
        if int(s["amount"]) != value or (s["address"] or where) != where and not where.startswith("script:"):
            faults.append("the start %s:%d: %s at %s, recomputed %d at %s" % (s["tx"], s["out"], s["amount"], s["address"], value, where))
    flows = Counter(trace.flows)
    flows.subtract((f["tx"], f["out"], int(f["amount"]), int(f["value"]), f["hops"], f["spender"]) for f in answer["flows"])
    faults += ["the coin %s:%d passes on %d of %d: not found so" % f[:4] for f, n in flows.items() if n < 0]
    if len(answer["flows"]) + answer["flows_omitted"] != len(trace.flows):
        faults.append("coins on the way: %d, recomputed %d" % (len(answer["flows"]) + answer["flows_omitted"], len(trace.flows)))
    if answer["steps"] != trace.steps:
        faults.append("transactions walked: %s, recomputed %d" % (answer["steps"], trace.steps))
    return faults, totals


def main(folder):
    package = load(folder, "package.json")
    chains, bad, ran = {}, 0, 0
    print("Package of case %s: %d runs" % (json.dumps(package["case"]), len(package["runs"])))
    for run in package["runs"]:
        print("\nRun %d, %s" % (run["number"], json.dumps(run["title"], ensure_ascii=True)))
        if not run["traces"]:
            print("  not recomputed: " + json.dumps(run["why"], ensure_ascii=True))
            bad += 1
            continue
        home = os.path.join(folder, "runs", str(run["number"]))
        rules = load(home, "rules.json")
        if run["ledger"] not in chains:
            chains[run["ledger"]] = Chain(os.path.join(folder, "chain", run["ledger"]))
        chain = chains[run["ledger"]]
        for method in run["traces"]:
            answer = load(os.path.join(home, "traces"), method + ".json")
            ran += 1
            try:
                if answer["method"] != method:
                    raise Unreadable("it is an answer by " + json.dumps(answer["method"]))
                faults, totals = compare(Trace(chain, rules, answer), answer)
            except Unreadable as e:
                faults, totals = [str(e)], {}
            sums = ", ".join("%s %d" % item for item in sorted(totals.items()))
            print("  %-9s %-9s %s" % (method, answer["direction"], "DIFFERS" if faults else "agrees"))
            print("    %d ends, %d transactions walked; %s" % (len(answer["ends"]), answer["steps"], sums or "nothing"))
            for f in faults[:20]:
                print("    " + f)
            if len(faults) > 20:
                print("    and %d more" % (len(faults) - 20))
            bad += bool(faults)
    print("\n%d traces recomputed. %s" % (ran, "Every number agrees." if not bad else "%d differ or could not be recomputed." % bad))
    return 3 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(__doc__)
        sys.exit(2)
    try:
        sys.exit(main(sys.argv[1] if len(sys.argv) == 2 else os.path.dirname(os.path.abspath(__file__))))
    except (Unreadable, OSError, ValueError, KeyError, TypeError, IndexError) as e:
        print("The package cannot be read: %s: %s" % (type(e).__name__, e), file=sys.stderr)
        sys.exit(2)
