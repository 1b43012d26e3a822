"""Records that stand one behind the other: a file that is not packed, or one that is packed as a whole.

A record that tells its length is believed where the next one begins behind it, so that no line of a page is taken for a record.
Where it is wrong, the record ends where the next header stands.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any, BinaryIO

from crawler.warc.inflating import BROKEN, READ, STEP, decompressor
from crawler.warc.pieces import (
    BEGIN,
    FIRST_LINES,
    HEAD,
    LARGEST,
    MAGIC,
    MOST_TAIL,
    NEXT,
    TAILS,
    Damage,
    Passed,
    behind,
    head_end,
    response,
    told,
    told_length,
    torn,
)
from crawler.warc.salvage import BROKEN_MEMBER, CUT, is_plain, next_record

_FOLLOWING = (*BEGIN, MAGIC, b"\0")
"""What may follow a record: the next one, or what is told apart as none (zeros at the end of a file)."""
_NEAR = MOST_TAIL + max(map(len, _FOLLOWING))
"""Bytes that tell whether a record has ended."""
_CUT_OFF = -1
"""In the place of the length of a record's last lines: the file ends before they do."""
_HEADER = re.compile(rb"\n(?=WARC/(?:1\.[01]|0\.1[78])\r?\n)")


def stream(file: BinaryIO, at: int, *, packed: bool) -> Any:
    """Yield the responses from `at` on, with the damage; the place where records stand that are packed otherwise, None at the end."""
    flow: Flow = Packed(file, at) if packed else Flow(file, at)
    while flow.need(1):
        begin = flow.origin()
        if flow.data.startswith(BEGIN, flow.at):
            yield from _record(flow, begin)
        elif packed:
            yield Damage(begin, f"{_to_header(flow)} bytes are no record")
        else:
            place = next_record(file, begin)
            if place is None:
                yield Damage(begin, "is broken from here on")
            elif place != begin:
                yield Damage(begin, f"{place - begin} bytes are no record")
            if place is None or not is_plain(file, place):
                return place
            flow = Flow(file, place)
    if flow.problem:
        yield Damage(flow.hurt, flow.problem)
    return flow.rest()


class Flow:
    """The bytes of a file from a place on: `data` is what is at hand, of which those before `at` are done with."""

    problem: str | None = None
    """Why it ends before it should, of what stands at `hurt`."""
    hurt = 0

    def __init__(self, file: BinaryIO, start: int) -> None:
        self.file, self.start = file, start
        self.data, self.at, self.done = bytearray(), 0, 0
        """`done`: bytes that were taken out of `data` since the start."""

    def origin(self) -> int:
        """Where in the file the next byte comes from."""
        return self.start + self.done + self.at

    def rest(self) -> int | None:
        """Where the file goes on with something else."""
        return None

    def more(self) -> bytes:
        """The next bytes, none at the end."""
        self.file.seek(self.start + self.done + len(self.data))
        return self.file.read(READ)

    def need(self, size: int) -> int:
        """Have so many bytes at hand; how many of them there are."""
        if self.at > READ:
            del self.data[: self.at]
            self.done, self.at = self.done + self.at, 0
        while len(self.data) - self.at < size and (data := self.more()):
            self.data += data
        return min(size, len(self.data) - self.at)

    def take(self, size: int) -> bytes:
        """The next bytes, which are done with then."""
        self.need(size)
        data = bytes(self.data[self.at : self.at + size])
        self.at += len(data)
        return data

    def skip(self, size: int) -> int:
        """Go on without keeping anything; how far it went."""
        left = size
        while left and (step := self.need(min(left, READ))):
            self.at += step
            left -= step
        return size - left

    def goes_on(self, size: int) -> bool:
        """Whether a large record of that length ends as it should; then it is done with."""
        other = Flow(self.file, self.origin() + size)
        tail = _tail(other.data, 0, other.need(_NEAR))
        if tail is None or tail == _CUT_OFF:
            return False
        self.start, self.data, self.at, self.done = other.start + tail, bytearray(), 0, 0
        return True


class Packed(Flow):
    """The same of gzip members that hold several records, or parts of one."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        super().__init__(file, start)
        self._unpacker, self._raw, self._read = decompressor(), b"", start
        self._members = deque([(0, start)])
        """From which unpacked byte on a member stands where in the file."""
        self._over, self._believed = False, True
        self._rest: int | None = None

    def origin(self) -> int:
        """Where the member begins that the next byte comes from."""
        while len(self._members) > 1 and self._members[1][0] <= self.done + self.at:
            self._members.popleft()
        return self._members[0][1]

    def rest(self) -> int | None:
        """Where the next member with a record begins behind one that is broken, or where something else stands."""
        return self._rest

    def more(self) -> bytes:
        """The next bytes, none at the end."""
        data = b""
        while not data and not self._over:
            if self._unpacker.eof:
                self._next_member()
                continue
            raw = self._raw or self._fetch()
            self._raw = b""
            if not raw:
                later = next_record(self.file, self._members[-1][1] + 1)
                self._end(CUT if later is None else BROKEN_MEMBER, later)
                break
            try:
                data = self._unpacker.decompress(raw)
            except BROKEN:
                self._end(BROKEN_MEMBER, next_record(self.file, self._members[-1][1] + 1))
            if self._unpacker.eof:
                self._raw = bytes(self._unpacker.unused_data)
        return data

    def _fetch(self) -> bytes:
        self.file.seek(self._read)
        raw = self.file.read(STEP)
        self._read += len(raw)
        return raw

    def _next_member(self) -> None:
        while len(self._raw) < len(MAGIC) and (raw := self._fetch()):
            self._raw += raw
        place = self._read - len(self._raw)
        if not self._raw:
            self._over = True
        elif self._raw.startswith(MAGIC):
            self._unpacker = decompressor()
            self._members.append((self.done + len(self.data), place))
        else:
            self._over, self._rest = True, place

    def _end(self, problem: str, rest: int | None) -> None:
        self._over, self.problem, self.hurt, self._rest = True, problem, self._members[-1][1], rest

    def goes_on(self, size: int) -> bool:
        """Whether a large record of that length ends as it should. That one does not is known at the end of the file only: then
        it is unpacked anew, and no other is believed."""
        if not self._believed:
            return False
        here = self.done + self.at
        if self.skip(size) == size:
            have = self.need(_NEAR)
            tail = _tail(self.data, self.at, self.at + have)
            if tail is not None and tail != _CUT_OFF:
                self.at += tail
                return True
        self.__init__(self.file, self.start)  # type: ignore[misc]
        self.problem = None
        self._believed = False
        self.skip(here)
        return False


def _record(flow: Flow, begin: int) -> Any:
    """Yield the response that begins here, and go behind it."""
    have = flow.need(HEAD)
    head = bytes(flow.data[flow.at : flow.at + have])
    start = head_end(head)
    other = FIRST_LINES.search(head, 1, max(start, 0))
    if other is not None:
        # What is cut in its header must not be given the next one's page.
        flow.skip(other.start())
        yield Damage(begin, "a record is cut short")
        return
    if start < 0:
        other = _HEADER.search(flow.data, flow.at, flow.at + have)
        flow.skip(have if other is None else other.end() - flow.at)
        yield Damage(begin, "a record is cut short")
        return
    claimed = told_length(head[:start])
    if claimed is not None and claimed > LARGEST:
        if flow.goes_on(start + claimed):
            if told(head[:start], b"WARC-Type").lower() == "response":
                yield Passed(begin, claimed)
            return
    elif claimed is not None:
        have = flow.need(start + claimed + _NEAR)
        tail = _tail(flow.data, flow.at + start + claimed, flow.at + have)
        if tail is not None:
            data = flow.take(start + claimed)
            flow.skip(tail if tail != _CUT_OFF else _NEAR)
            found = response(begin, data[:start], data, start, start + claimed)
            if found is not None:
                yield found
            if tail == _CUT_OFF and not flow.problem:
                yield Damage(begin, CUT)
            return
    yield from _wrong(flow, begin, start, claimed)


def _tail(data: bytearray, at: int, end: int) -> int | None:
    """The length of the line ends at `at`, if a record ends there: before the next one, or with the file, and then perhaps without
    them (_CUT_OFF). They are two by the rule; of a record that ends otherwise, only another one behind it is a proof."""
    if at > end:
        return None
    for tail in TAILS:
        if data.startswith(tail, at) and (at + len(tail) == end or data.startswith(_FOLLOWING, at + len(tail))):
            return len(tail)
    if end - at < len(TAILS[0]) and TAILS[0].startswith(data[at:end]):
        return _CUT_OFF
    later = behind(data, at)
    return later - at if later == end or data.startswith(BEGIN, later) else None


def _wrong(flow: Flow, begin: int, start: int, claimed: int | None) -> Any:
    """Yield a record whose length is wrong, as far as the next one's header, and go there."""
    have = flow.need(LARGEST + HEAD)
    later = NEXT.search(flow.data, flow.at + start - 1, flow.at + have)
    if later is None and have == LARGEST + HEAD:
        flow.skip(have)
        yield Passed(begin, have - start)
        yield Damage(begin, "a record is too large and tells a wrong length")
        return
    data = flow.take(have if later is None else later.end() - flow.at)
    tail = next((len(line) for line in TAILS if data.endswith(line, start)), 0)
    end = len(data) - tail
    found = response(begin, data[:start], data, start, end)
    is_short = claimed is not None and claimed > end - start
    if (later is None and (flow.problem or is_short)) or (is_short and not tail):
        found = torn(found)
    if found is not None:
        yield found
    if flow.problem and later is None:
        return  # which is told once
    if claimed is None:
        yield Damage(begin, "a record does not tell its length")
    else:
        yield Damage(begin, f"a record tells {claimed} bytes and has {end - start}")


def _to_header(flow: Flow) -> int:
    """Go to the next header at the beginning of a line; the bytes passed."""
    passed = 0
    while have := flow.need(READ):
        found = _HEADER.search(flow.data, flow.at, flow.at + have)
        if found is not None:
            return passed + flow.skip(found.end() - flow.at)
        # The last bytes may be the beginning of a header.
        passed += flow.skip(max(have - _NEAR, 1) if have == READ else have)
    return passed
