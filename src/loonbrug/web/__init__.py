"""Browser: turns a click into one workflow and shows what came of it, in the reader's language."""
