"""What the listener says to the other server: SMTP replies with enhanced status codes (RFC 3463), one table.

In Czech, because a refusal ends in the mailbox of the writer. Without diacritics unless the transaction is SMTPUTF8: RFC 6531
3.7.4.2 allows other letters in replies only there.
"""

import unicodedata


def reply(code: str, text: str, *, utf8: bool = False) -> str:
    """One reply line: `code` is the reply code with the enhanced one."""
    if not utf8:
        text = unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode()
    return f"{code} {text}"


def too_large(limit: int, *, utf8: bool) -> str:
    """`limit` in bytes."""
    text = f"Zpráva je větší než {limit // (1024 * 1024)} MB. Pošlete ji prosím s menšími přílohami nebo rozdělenou."
    return reply("552 5.3.4", text if limit >= 1024 * 1024 else "Zpráva je příliš velká.", utf8=utf8)


def unknown_address(*, utf8: bool) -> str:
    """The address is not ours."""
    return reply("550 5.1.1", "Tato adresa u nás neexistuje, zkontrolujte ji prosím (no such address).", utf8=utf8)


TRY_LATER = "451 4.3.0 Zpravu ted neumime ulozit, poslete ji prosim znovu pozdeji (try again later)"
BUSY = "451 4.3.2 Prave zpracovavame mnoho zprav, zkuste to prosim pozdeji (try again later)"
TOO_FAST = "450 4.7.1 Prilis mnoho zprav v kratke dobe, zkuste to prosim pozdeji (too many messages)"
TOO_MANY_CONNECTIONS = "421 4.7.0 Prilis mnoho spojeni, zkuste to prosim pozdeji (too many connections)"
TOO_MANY_RECIPIENTS = "452 4.5.3 Prilis mnoho prijemcu (too many recipients)"
TOO_MANY_UNKNOWN = "421 4.7.0 Prilis mnoho neznamych adres (too many unknown recipients)"
TOO_MANY_COMMANDS = "421 4.7.0 Prilis mnoho prikazu bez zpravy (too many commands without a mail)"
TOO_LONG = "421 4.4.2 Spojeni trva prilis dlouho, navazte prosim nove (session too long, please reconnect)"
TOO_SLOW = "421 4.4.2 Prenos trva prilis dlouho (timeout)"
STOPPING = "421 4.3.2 Sluzba se prave vypina, zkuste to prosim za chvili (shutting down)"
