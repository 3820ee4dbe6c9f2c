"""How mails go out: who goes next, the relay, the notes of what became of them."""
