"""Reports that lie in mailboxes: fetched by IMAP, handed to the same intake as by SMTP, moved when they are safe."""
