"""The pages: the consent of a debtor, and the payroll work that is done in Nmbrs by hand."""
