"""Company level: payroll runs, journals and their way into AFAS."""
