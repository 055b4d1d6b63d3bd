-- grain: one statement per macro, with its comment above it; table macros are in table_macros.sql

-- lower end of the two-sided 95 % Wilson (1927) interval for a share of k in n
create or replace macro wilson_low(k, n) as
case
    when n > 0
        then
            greatest(0.0, round(
                (k / n + 1.9208 / n - 1.96 * sqrt((k / n) * (1 - k / n) / n + 0.9604 / (n * n))) / (1 + 3.8416 / n), 12
            ))
end;

-- upper end of the two-sided 95 % Wilson (1927) interval for a share of k in n
create or replace macro wilson_high(k, n) as
case
    when n > 0
        then
            least(1.0, round(
                (k / n + 1.9208 / n + 1.96 * sqrt((k / n) * (1 - k / n) / n + 0.9604 / (n * n))) / (1 + 3.8416 / n), 12
            ))
end;
