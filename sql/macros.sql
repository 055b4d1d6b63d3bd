-- grain: one statement a macro, the line above it its comment; those that read tables stand in table_macros.sql

-- lower end of Wilson's interval for a share of k in n, two-sided 95 %, as in Wilson (1927)
create or replace macro wilson_low(k, n) as
case
    when n > 0
        then
            greatest(0.0, round(
                (k / n + 1.9208 / n - 1.96 * sqrt((k / n) * (1 - k / n) / n + 0.9604 / (n * n))) / (1 + 3.8416 / n), 12
            ))
end;

-- upper end of Wilson's interval for a share of k in n, two-sided 95 %, as in Wilson (1927)
create or replace macro wilson_high(k, n) as
case
    when n > 0
        then
            least(1.0, round(
                (k / n + 1.9208 / n + 1.96 * sqrt((k / n) * (1 - k / n) / n + 0.9604 / (n * n))) / (1 + 3.8416 / n), 12
            ))
end;
