"""The office: first page, users, templates of rights."""
