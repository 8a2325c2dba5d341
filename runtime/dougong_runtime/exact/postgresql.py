"""The functions that PostgreSQL lacks, as statements run once at installation, in the default schema.

Each has the name and the meaning of the Python function that SQLite calls (`sqlite.PLAIN`). Where one expression
says it, the language is SQL, so that the planner puts the expression in place of the call.
"""

from __future__ import annotations


def _sql(signature: str, returns: str, body: str, kind: str = "IMMUTABLE") -> str:
    return (
        f"CREATE OR REPLACE FUNCTION dg_{signature} RETURNS {returns} "
        f"LANGUAGE sql {kind} PARALLEL SAFE AS $dg$ SELECT {body} $dg$"
    )


def _block(signature: str, returns: str, body: str, kind: str = "IMMUTABLE") -> str:
    return (
        f"CREATE OR REPLACE FUNCTION dg_{signature} RETURNS {returns} "
        f"LANGUAGE plpgsql {kind} STRICT PARALLEL SAFE AS $dg$ {body} $dg$"
    )


_SPACES = r"E'[ \\t\\n\\r\\u00a0\\u3000]+'"
_ICU = 'COLLATE "und-x-icu"'

_NUMBERS = (
    _sql("int(x numeric)", "integer", "least(greatest(trunc(x), -1000000000), 1000000000)::integer"),
    _sql("places(p numeric)", "integer", "least(greatest(trunc(p), -201), 20)::integer"),
    _sql("ten(n integer)", "numeric", "('1e' || n)::numeric"),
    _sql(
        "div(a numeric, b numeric)",
        "numeric",
        "CASE WHEN b = 0 THEN NULL ELSE sign(a) * sign(b) * 0.00000000000000000001 * "
        "div(abs(a) * 200000000000000000000 + abs(b), abs(b) * 2) END",
    ),
    _sql("round(x numeric, p numeric DEFAULT 0)", "numeric", "round(x, dg_places(p))"),
    _sql("rounddown(x numeric, p numeric DEFAULT 0)", "numeric", "trunc(x, dg_places(p))"),
    _block(
        "roundup(x numeric, p numeric DEFAULT 0)",
        "numeric",
        "DECLARE t numeric := trunc(x, dg_places(p)); "
        "BEGIN IF dg_places(p) < -200 THEN RETURN 0; END IF; "
        "IF t = x THEN RETURN t; END IF; RETURN t + sign(x) * dg_ten(-dg_places(p)); END",
    ),
    _block(
        "round_even(x numeric, p numeric DEFAULT 0)",
        "numeric",
        "DECLARE t numeric := trunc(x, dg_places(p)); u numeric := dg_ten(-dg_places(p)); "
        "BEGIN IF abs(x - t) * 2 = u AND mod(div(t, u), 2) = 0 THEN RETURN t; END IF; "
        "RETURN round(x, dg_places(p)); END",
    ),
    _sql("floor(x numeric)", "numeric", "floor(x)"),
    _sql("ceiling(x numeric)", "numeric", "ceil(x)"),
    _sql("abs(x numeric)", "numeric", "abs(x)"),
    _sql("sign(x numeric)", "numeric", "sign(x)"),
    _block(
        "mod(a numeric, b numeric)",
        "numeric",
        "DECLARE r numeric; BEGIN IF b = 0 THEN RETURN NULL; END IF; r := mod(a, b); "
        "IF r <> 0 AND sign(r) <> sign(b) THEN RETURN r + b; END IF; RETURN r; END",
    ),
    _sql(
        "floor_to(x numeric, step numeric)",
        "numeric",
        "CASE WHEN step > 0 THEN x - dg_mod(x, step) END",
    ),
    _sql(
        "ceiling_to(x numeric, step numeric)",
        "numeric",
        "CASE WHEN step > 0 THEN CASE WHEN dg_mod(x, step) = 0 THEN x ELSE x - dg_mod(x, step) + step END END",
    ),
    _block(
        "power(base numeric, exponent numeric)",
        "numeric",
        "DECLARE n integer; r numeric := 1; BEGIN "
        "IF exponent <> trunc(exponent) OR abs(exponent) > 100 THEN RETURN NULL; END IF; n := exponent; "
        "IF n < 0 AND base = 0 THEN RETURN NULL; END IF; "
        "IF abs(base) >= dg_ten(30) THEN RETURN NULL; END IF; "
        "FOR i IN 1..abs(n) LOOP r := round(r * base, 20); "
        "IF abs(r) >= dg_ten(60) THEN RETURN CASE WHEN n < 0 THEN 0 END; END IF; END LOOP; "
        "RETURN CASE WHEN n < 0 THEN dg_div(1, r) ELSE r END; END",
    ),
    _sql("sqrt(x numeric)", "numeric", "CASE WHEN x >= 0 THEN round(sqrt(round(x, 60)), 20) END"),
    _sql(
        "clamp(x numeric, low numeric, high numeric)",
        "numeric",
        "CASE WHEN x IS NOT NULL AND low IS NOT NULL AND high IS NOT NULL THEN least(greatest(x, low), high) END",
    ),
    _sql("iseven(x numeric)", "boolean", "mod(trunc(x), 2) = 0"),
    _sql("quotient(a numeric, b numeric)", "numeric", "trunc(dg_div(a, b))"),
    _sql("number_text(x numeric)", "text", "trim_scale(x)::text"),
)

_TEXTS = (
    _sql("len(t text)", "numeric", "length(t)::numeric"),
    _sql("left(t text, n numeric DEFAULT 1)", "text", "nullif(left(t, greatest(dg_int(n), 0)), '')"),
    _sql("right(t text, n numeric DEFAULT 1)", "text", "nullif(right(t, greatest(dg_int(n), 0)), '')"),
    _sql(
        "mid(t text, first numeric, n numeric)",
        "text",
        "CASE WHEN dg_int(first) >= 1 AND dg_int(n) > 0 "
        "THEN nullif(substr(t, dg_int(first), dg_int(n)), '') END",
    ),
    _sql("upper(t text)", "text", f"nullif(upper(t {_ICU}), '')"),
    _sql("lower(t text)", "text", f"nullif(lower(t {_ICU}), '')"),
    _sql("trim(t text)", "text", f"nullif(btrim(regexp_replace(t, {_SPACES}, ' ', 'g'), ' '), '')"),
    _sql(
        "replace(t text, first numeric, n numeric, new text)",
        "text",
        "CASE WHEN dg_int(first) >= 1 THEN nullif(left(t, dg_int(first) - 1) || coalesce(new, '') || "
        "substr(t, dg_int(first) + greatest(dg_int(n), 0)), '') END",
    ),
    _sql(
        "substitute(t text, old text, new text)",
        "text",
        "CASE WHEN length(t) + (length(t) - length(replace(t, old, '')))::bigint / length(old) "
        "* (length(coalesce(new, '')) - length(old)) <= greatest(100000, length(t)) "
        "THEN nullif(replace(t, old, coalesce(new, '')), '') END",
    ),
    _sql("contains(t text, part text)", "boolean", "strpos(t, part) > 0"),
    _sql("starts(t text, part text)", "boolean", "starts_with(t, part)"),
    _sql("ends(t text, part text)", "boolean", "right(t, length(part)) = part"),
    _sql(
        "find(part text, t text, first numeric DEFAULT 1)",
        "numeric",
        "CASE WHEN dg_int(first) >= 1 "
        "THEN nullif(strpos(substr(t, dg_int(first)), part), 0)::numeric + dg_int(first) - 1 END",
    ),
    _sql(
        "rept(t text, n numeric)",
        "text",
        "CASE WHEN dg_int(n) > 0 AND dg_int(n)::bigint * length(t) <= 10000 "
        "THEN nullif(repeat(t, dg_int(n)), '') END",
    ),
    _sql(
        "pad_left(t text, n numeric, fill text DEFAULT ' ')",
        "text",
        "CASE WHEN dg_int(n) > 10000 THEN NULL WHEN length(t) >= dg_int(n) THEN t || left(fill, 0) "
        "ELSE lpad(t, dg_int(n), fill) END",
    ),
    _sql(
        "split(t text, separator text, n numeric)",
        "text",
        "CASE WHEN dg_int(n) >= 1 THEN nullif(split_part(t, separator, dg_int(n)), '') END",
    ),
    _sql("digits(t text)", "text", "nullif(regexp_replace(t, '[^0-9]', '', 'g'), '')"),
    _sql(
        "mask(t text, first numeric, last numeric)",
        "text",
        "left(t, greatest(dg_int(first), 0)) || repeat('•', greatest(length(t) - greatest(dg_int(first), 0) "
        "- greatest(dg_int(last), 0), 0)) || substr(t, greatest(dg_int(first), 0) + 1 + "
        "greatest(length(t) - greatest(dg_int(first), 0) - greatest(dg_int(last), 0), 0))",
    ),
    _sql("reverse(t text)", "text", "reverse(t)"),
    _block(
        "value(t text)",
        "numeric",
        "DECLARE p text := translate(regexp_replace(translate(t, '０１２３４５６７８９．－＋', '0123456789.-+'), "
        f"{_SPACES}, '', 'g'), ',，', ''); "
        r"BEGIN IF p ~ '^[+-]?[0-9]{1,38}(\.[0-9]{1,20})?$' THEN RETURN p::numeric; END IF; RETURN NULL; END",
    ),
    _block(
        "fixed(x numeric, p numeric DEFAULT 2, grouped boolean DEFAULT false)",
        "text",
        "DECLARE s text := round(x, least(greatest(dg_int(p), 0), 20))::text; w text; "
        "BEGIN IF NOT grouped THEN RETURN s; END IF; w := split_part(s, '.', 1); "
        r"RETURN regexp_replace(w, '([0-9])(?=([0-9]{3})+$)', '\1,', 'g') || substr(s, length(w) + 1); END",
    ),
)

_FIRST, _LAST = "'0001-01-01 00:00:00+00'::timestamptz", "'9999-12-31 23:59:59.999999+00'::timestamptz"
_FIRST_DAY, _LAST_DAY = "'0001-01-01'::date", "'9999-12-31'::date"

_TIMES = (
    _sql("local_day(at timestamptz, zone text)", "date", "(at AT TIME ZONE zone)::date"),
    _sql("in_time(at timestamptz)", "timestamptz", f"CASE WHEN at BETWEEN {_FIRST} AND {_LAST} THEN at END"),
    _sql("in_days(d date)", "date", f"CASE WHEN d BETWEEN {_FIRST_DAY} AND {_LAST_DAY} THEN d END"),
    _sql(
        "at(d date, t time, zone text)",
        "timestamptz",
        "dg_in_time(CASE WHEN (((d + t) AT TIME ZONE zone) - interval '1 hour') AT TIME ZONE zone = d + t "
        "THEN ((d + t) AT TIME ZONE zone) - interval '1 hour' ELSE (d + t) AT TIME ZONE zone END)",
        "STABLE",
    ),
    _sql("day_start(d date, zone text)", "timestamptz", "dg_at(d, '00:00'::time, zone)", "STABLE"),
    _sql(
        "day_end(d date, zone text)",
        "timestamptz",
        f"CASE WHEN d < {_LAST_DAY} THEN dg_at(d + 1, '00:00'::time, zone) END",
        "STABLE",
    ),
    _sql(
        "date_add(d date, n numeric)",
        "date",
        "CASE WHEN abs(n) <= 3700000 THEN dg_in_days(d + trunc(n)::integer) END",
    ),
    _block(
        "instant_add(at timestamptz, n numeric, unit numeric DEFAULT 86400)",
        "timestamptz",
        "DECLARE m numeric := round(round(round(n * unit, 20) * 1000000, 20), 0); "
        "BEGIN IF abs(m) > 319680000000000000 THEN RETURN NULL; END IF; "
        "RETURN dg_in_time(at + div(m, 3600000000)::double precision * interval '1 hour' "
        "+ mod(m, 3600000000)::double precision * interval '1 microsecond'); END",
        "STABLE",
    ),
    _sql(
        "instant_days(b timestamptz, a timestamptz, unit numeric DEFAULT 86400)",
        "numeric",
        "dg_div(trunc(extract(epoch FROM (b - a)) * 1000000), unit * 1000000)",
        "STABLE",
    ),
    _sql("hours(b timestamptz, a timestamptz)", "numeric", "dg_instant_days(b, a, 3600)", "STABLE"),
    _sql("minutes(b timestamptz, a timestamptz)", "numeric", "dg_instant_days(b, a, 60)", "STABLE"),
    _sql("add_hours(at timestamptz, n numeric)", "timestamptz", "dg_instant_add(at, n, 3600)", "STABLE"),
    _sql("add_minutes(at timestamptz, n numeric)", "timestamptz", "dg_instant_add(at, n, 60)", "STABLE"),
    _sql("days(b date, a date)", "numeric", "(b - a)::numeric"),
    _block(
        "make_date(y numeric, m numeric, d numeric)",
        "date",
        "DECLARE k integer; BEGIN IF abs(y) > 9999 OR abs(m) > 120000 OR abs(d) > 3700000 THEN RETURN NULL; END IF; "
        "k := trunc(y) * 12 + trunc(m) - 1; IF k < 12 OR k >= 120000 THEN RETURN NULL; END IF; "
        "RETURN dg_date_add(make_date(k / 12, mod(k, 12) + 1, 1), trunc(d) - 1); END",
    ),
    _block(
        "month_first(d date, n numeric)",
        "date",
        "DECLARE k integer; BEGIN IF abs(n) > 120000 THEN RETURN NULL; END IF; "
        "k := extract(year FROM d)::integer * 12 + extract(month FROM d)::integer - 1 + trunc(n)::integer; "
        "IF k < 12 OR k >= 120000 THEN RETURN NULL; END IF; RETURN make_date(k / 12, mod(k, 12) + 1, 1); END",
    ),
    _sql(
        "eomonth(d date, n numeric DEFAULT 0)",
        "date",
        "(dg_month_first(d, n) + interval '1 month' - interval '1 day')::date",
    ),
    _sql(
        "edate(d date, n numeric)",
        "date",
        "least(dg_month_first(d, n) + (extract(day FROM d)::integer - 1), dg_eomonth(d, n))",
    ),
    _sql("quarter(d date)", "numeric", "extract(quarter FROM d)"),
    _sql(
        "weekday(d date, kind numeric DEFAULT 1)",
        "numeric",
        "CASE trunc(kind) WHEN 1 THEN mod(extract(isodow FROM d)::integer, 7) + 1 "
        "WHEN 2 THEN extract(isodow FROM d)::integer WHEN 3 THEN extract(isodow FROM d)::integer - 1 END::numeric",
    ),
    _sql(
        "weeknum(d date, kind numeric DEFAULT 1)",
        "numeric",
        "CASE WHEN trunc(kind) IN (1, 2) THEN ((extract(doy FROM d)::integer + "
        "dg_weekday(make_date(extract(year FROM d)::integer, 1, 1), kind)::integer - 2) / 7 + 1)::numeric END",
    ),
    _sql("isoweeknum(d date)", "numeric", "extract(week FROM d)"),
    _sql(
        "start_of(d date, unit text)",
        "date",
        "CASE WHEN unit IN ('week', 'month', 'quarter', 'year') THEN dg_in_days(date_trunc(unit, d::timestamp)::date) END",
    ),
    _sql(
        "end_of(d date, unit text)",
        "date",
        "CASE WHEN unit IN ('week', 'month', 'quarter', 'year') THEN dg_in_days((date_trunc(unit, d::timestamp) + "
        "CASE unit WHEN 'week' THEN interval '7 days' WHEN 'month' THEN interval '1 month' "
        "WHEN 'quarter' THEN interval '3 months' ELSE interval '1 year' END - interval '1 day')::date) END",
    ),
    _block(
        "datedif(a date, b date, unit text)",
        "numeric",
        "DECLARE m integer; last integer; BEGIN IF b < a THEN RETURN -dg_datedif(b, a, unit); END IF; "
        "IF upper(unit) = 'D' THEN RETURN b - a; END IF; IF upper(unit) NOT IN ('M', 'Y') THEN RETURN NULL; END IF; "
        "m := (extract(year FROM b) - extract(year FROM a)) * 12 + extract(month FROM b) - extract(month FROM a); "
        "last := extract(day FROM dg_eomonth(b, 0)); "
        "IF extract(day FROM b) < least(extract(day FROM a), last) THEN m := m - 1; END IF; "
        "RETURN CASE WHEN upper(unit) = 'M' THEN m ELSE m / 12 END; END",
    ),
    _sql(
        "age(birth date, d date)",
        "numeric",
        "CASE WHEN d >= birth THEN extract(year FROM d) - extract(year FROM birth) - "
        "CASE WHEN (extract(month FROM d), extract(day FROM d)) < (extract(month FROM birth), extract(day FROM birth)) "
        "THEN 1 ELSE 0 END END",
    ),
    _sql(
        "time_part(t time, which text)",
        "numeric",
        "CASE which WHEN 'hour' THEN extract(hour FROM t) WHEN 'minute' THEN extract(minute FROM t) "
        "WHEN 'second' THEN trunc(extract(second FROM t)) END",
    ),
    _sql(
        "part(at timestamptz, which text, zone text)",
        "numeric",
        "dg_time_part((at AT TIME ZONE zone)::time, which)",
    ),
    _sql(
        "day_part(d date, which text)",
        "numeric",
        "CASE which WHEN 'year' THEN extract(year FROM d) WHEN 'month' THEN extract(month FROM d) "
        "WHEN 'day' THEN extract(day FROM d) END",
    ),
    _block(
        "make_time(h numeric, m numeric, s numeric DEFAULT 0)",
        "time",
        "BEGIN IF h < 0 OR h >= 24 OR m < 0 OR m >= 60 OR s < 0 OR s >= 60 THEN RETURN NULL; END IF; "
        "RETURN make_time(trunc(h)::integer, trunc(m)::integer, trunc(s)::double precision); END",
    ),
    _sql("time_of(at timestamptz, zone text)", "time", "date_trunc('second', at AT TIME ZONE zone)::time"),
    _sql(
        "is_workday(d date, calendar jsonb)",
        "boolean",
        "coalesce((calendar ->> to_char(d, 'YYYY-MM-DD'))::boolean, extract(isodow FROM d) < 6 AND calendar IS NOT NULL)",
    ),
    _block(
        "workday(d date, n numeric, calendar jsonb)",
        "date",
        "DECLARE k integer; step integer; BEGIN IF abs(n) >= 4001 THEN RETURN NULL; END IF; "
        "k := trunc(n); step := sign(k); WHILE k <> 0 LOOP d := d + step; "
        f"IF d < {_FIRST_DAY} OR d > {_LAST_DAY} THEN RETURN NULL; END IF; "
        "IF dg_is_workday(d, calendar) THEN k := k - step; END IF; END LOOP; RETURN d; END",
    ),
    _block(
        "networkdays(a date, b date, calendar jsonb)",
        "numeric",
        "DECLARE k integer := 0; d date := a; BEGIN "
        "IF b < a THEN RETURN -dg_networkdays(b, a, calendar); END IF; "
        "IF b - a > 12000 THEN RETURN NULL; END IF; "
        "WHILE d <= b LOOP IF dg_is_workday(d, calendar) THEN k := k + 1; END IF; d := d + 1; END LOOP; RETURN k; END",
    ),
    _sql(
        "instant_as_text(at timestamptz, zone text)",
        "text",
        "to_char(at AT TIME ZONE zone, 'YYYY-MM-DD HH24:MI')",
    ),
    _sql(
        "format(t timestamp, pattern text)",
        "text",
        "CASE WHEN length(pattern) <= 100 THEN nullif(replace(replace(replace(replace(replace(replace(replace("
        f"replace(replace(replace(lower(pattern {_ICU}), 'yyyy', to_char(t, 'YYYY')), 'yy', to_char(t, 'YY')), "
        "'mm', to_char(t, 'MM')), 'mi', to_char(t, 'MI')), 'm', extract(month FROM t)::text), 'dd', to_char(t, 'DD')), "
        "'d', extract(day FROM t)::text), 'hh', to_char(t, 'HH24')), 'ss', to_char(t, 'SS')), "
        "'q', extract(quarter FROM t)::text), '') END",
    ),
    _sql("format_day(d date, pattern text)", "text", "dg_format(d::timestamp, pattern)"),
    _sql(
        "format_instant(at timestamptz, pattern text, zone text)",
        "text",
        "dg_format(at AT TIME ZONE zone, pattern)",
    ),
)

_LISTS = (
    _sql("list_count(l jsonb)", "numeric", "jsonb_array_length(l)::numeric"),
    _sql(
        "list_join(l jsonb, separator text)",
        "text",
        "nullif((SELECT string_agg(x, coalesce(separator, '') ORDER BY n) "
        "FROM jsonb_array_elements_text(l) WITH ORDINALITY AS e(x, n)), '')",
    ),
    _sql(
        "has_any(l jsonb, wanted jsonb)",
        "boolean",
        "CASE WHEN l IS NULL OR wanted IS NULL THEN NULL ELSE EXISTS (SELECT 1 FROM jsonb_array_elements(wanted) "
        "AS w(x) WHERE l @> jsonb_build_array(x)) END",
    ),
    _sql("has_all(l jsonb, wanted jsonb)", "boolean", "l @> wanted"),
)

_FIGURES = (
    _block(
        "xirr(amounts numeric[], days date[])",
        "numeric",
        """
        DECLARE
          a double precision[]; t double precision[]; n integer;
          low double precision := -0.99; high double precision := 1000; middle double precision;
          at_low double precision; worth double precision;
        BEGIN
          SELECT array_agg(x::double precision ORDER BY d, x), array_agg((d - first)::double precision / 365 ORDER BY d, x)
            INTO a, t
            FROM (SELECT x, d, min(d) OVER () AS first FROM unnest(amounts, days) AS f(x, d)
                  WHERE x IS NOT NULL AND d IS NOT NULL) AS flows;
          n := coalesce(array_length(a, 1), 0);
          IF n = 0 OR NOT 0 < ANY (a) OR NOT 0 > ANY (a) OR t[n] > 100 THEN RETURN NULL; END IF;
          at_low := 0; FOR i IN 1..n LOOP at_low := at_low + a[i] / (1 + low) ^ t[i]; END LOOP;
          worth := 0; FOR i IN 1..n LOOP worth := worth + a[i] / (1 + high) ^ t[i]; END LOOP;
          IF (at_low > 0) = (worth > 0) THEN RETURN NULL; END IF;
          FOR k IN 1..100 LOOP
            middle := (low + high) / 2;
            EXIT WHEN middle = low OR middle = high;
            worth := 0; FOR i IN 1..n LOOP worth := worth + a[i] / (1 + middle) ^ t[i]; END LOOP;
            IF (worth > 0) = (at_low > 0) THEN low := middle; ELSE high := middle; END IF;
          END LOOP;
          RETURN round(((low + high) / 2)::text::numeric, 10);
        END
        """,
    ),
)

POSTGRESQL_FUNCTIONS: tuple[str, ...] = (*_NUMBERS, *_TEXTS, *_TIMES, *_LISTS, *_FIGURES)
"""Each can be run again; run them all, in this order, when a database is installed or upgraded."""
