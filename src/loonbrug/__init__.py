"""Loonbrug: payroll journals into AFAS Profit, each exactly once."""
