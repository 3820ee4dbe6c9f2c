"""The content of a mail as SMTP's DATA brings it (RFC 5321 4.5.2): read in pieces, ended by CR LF . CR LF and by nothing else.

aiosmtpd reads line by line, which costs a hundred times as much for a mail with a photo: decision 0016.
"""

import asyncio
from collections.abc import AsyncIterator

PIECE = 256 * 1024
"""aiosmtpd's `line_length_limit` where this reads: so much at once."""
END = b"\r\n.\r\n"


async def pieces(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Everything up to the end and with it, as it came, and a line end before all. Together they are for `plain`."""
    # A line end in front makes the first line like all others: a message may consist of the end alone.
    reader._buffer[:0] = b"\r\n"  # type: ignore[attr-defined]
    while True:
        try:
            piece = await reader.readuntil(END)
        except asyncio.LimitOverrunError as overrun:
            yield await reader.readexactly(overrun.consumed)
        else:
            yield piece
            return


def plain(content: bytearray) -> bytes:
    """All pieces without the line end in front, the end, and the dots that were put before dots."""
    del content[len(content) - len(END) + 2 :]
    if content.find(b"\r\n.") >= 0:
        content = content.replace(b"\r\n.", b"\r\n")
    del content[:2]
    return bytes(content)
