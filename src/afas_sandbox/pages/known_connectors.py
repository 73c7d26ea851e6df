"""The connectors that an app connector can be given, with what each is about (English)."""

GET_CONNECTORS = {
    "Precal_Administraties": "Administrations, for the payroll link",
    "Profit_Administrations": "Administrations",
    "Profit_Journals": "Journals",
    "Profit_Accounts": "Ledger accounts",
    "Profit_periods_per_administration": "Periods per administration",
    "Profit_Allocation_Assigments": "Allocation assignments",
    "Profit_VAT_code": "VAT codes",
    "Profit_Transactions": "Journal entries",
    "Profit_Transactions_Allocated": "Journal entries with allocation",
    "Profit_Fin_ChangedEntrydate": "Changed entry dates",
    "Profit_CostCentre": "Cost centres of employers",
    "Profit_CostCarrier": "Cost carriers of employers",
    "Profit_Currency": "Currencies",
    "Profit_Creditor": "Creditors",
    "Profit_Debtor": "Debtors",
}
UPDATE_CONNECTORS = {"FiEntries": "Financial entry"}
OTHER_CONNECTORS = {"AppConnectorVersion": "Version of Profit"}

BY_TAB = {
    "get-connectors": GET_CONNECTORS,
    "update-connectors": UPDATE_CONNECTORS,
    "connectors": OTHER_CONNECTORS,
}
