"""The ledger: what a payroll journal is and how it becomes a posting. Pure: values in, values out.

`money` holds euro amounts, `entry` the dated lines as payroll wrote them and the posting they become,
`translation` the rules of a mapping between the two, `checks` what is wrong with either, `problems` how
that is said, and `canonical` the hash by which the same content is recognised, whatever file it came in.

No clock, no randomness, no database and no network are reached from here; a contract keeps it so.
"""
