"""The pages on which a person does an AFAS administrator's work by hand."""
