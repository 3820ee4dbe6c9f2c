"""How a mail is written: words, page, headers, photos; and what of it may leave the town. Pure but for reading photos."""
