"""An AuditTrail as a file: one module for each form, each with `write(trail, out, …)`, event by event."""
