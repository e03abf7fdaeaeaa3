-- The databases of a development server and the two roles of each: one owns the tables, with the other one serves.
CREATE ROLE ledger_owner LOGIN;
CREATE ROLE ledger_app LOGIN;
CREATE ROLE payroll_owner LOGIN;
CREATE ROLE payroll_app LOGIN;
CREATE ROLE notifications_owner LOGIN;
CREATE ROLE notifications_app LOGIN;
CREATE DATABASE ledger OWNER ledger_owner;
CREATE DATABASE keys OWNER ledger_owner;
CREATE DATABASE payroll OWNER payroll_owner;
CREATE DATABASE notifications OWNER notifications_owner;
