"""Cases for formatting, code, status codes, language, size and topics."""

from featdisc_assets.transcript import TURN_BREAK
from tests.surface.cases import Case, response, thought, user

LOOP = "The gate is open and the dog is gone. "
CASES: dict[str, Case] = {
    "numbered_list": response(
        ["1. Dig.\n2. Plant.\n3. Water.", "Steps:\n1) Dig\n2) Plant"],
        ["1. of May is a holiday.", "In 1890 he left.\n3. floor, left"],
    ),
    "log": user(
        [
            "2024-05-01 12:00:03 ERROR pump failed",
            'Traceback (most recent call last):\n  File "a.py", line 3',
            "[error] pump failed",
        ],
        ["There was an error in the letter of May.", "> From: my aunt\n> hello"],
    ),
    "code": response(
        ["```python\nprint(1)\n```", "```\nfn main() { }\n```", "```rust\nlet x = 1;\n```"],
        ["Print the page.", "Use `ls` for that."],
    ),
    "stage_directions": response(
        ["*bows to the moon* Good evening."], ["This is *very* dry.", "**Water the fern well**"]
    ),
    "tool_call": response(
        ['{"name": "get_weather", "arguments": {"city": "Porto"}}', '<tool_call>{"x": 1}</tool_call>'],
        ["I call the plumber.", "Use a spanner as your tool."],
    ),
    "latex": response([r"So \frac{1}{2} is left.", "$$x^2$$"], ["It costs $5.", "C:\\temp"]),
    "table": response(["| a | b |\n|---|---|\n| 1 | 2 |"], ["a | b", "The table is round."]),
    "json": response(['{"name": "fern", "age": 3}'], ["{name}", 'He said "no": twice.']),
    "markup": user(["<div class='x'>fern</div>"], ["a < b and c > d"]),
    "emoji": user(["nice 🌿"], ["nice :)", "50 € → 40 €"]),
    "citations": response(
        ["As shown [1] and again [2].", "(Moss, 1990) and (Heath and Moor, 2001)"], ["In 1990 it rained.", "[x]"]
    ),
    "placeholders": response(["Dear [Your Name],"], ["[1] is a source.", "He [the cook] left."]),
    "calculation": thought(["12 + 30 = 42, and 42 / 2 = 21."], ["He is 42 and she is 21.", "2020-2021 was dry."]),
    "links": user(["see https://example.org/fern"], ["see the http chapter", "the www is old"]),
    "bullets": response(["- dig\n- plant\n- water"], ["well - dig - plant", "- a lone line"]),
    "headings": response(["# Ferns\ntext\n## Moss\ntext"], ["# just one", "#fern #moss"]),
    "block_quote": response(["> the fern is dead"], ["a > b", "The quote is old."]),
    "inline_code": response(["Use `ls` here."], ["Use ls here.", "```\nls\n```"]),
    "bold": response(["**Dig** and then **plant**."], ["2 ** 3 is 8.", "Dig and plant."]),
    "money_named": response(["It costs $12.", "12 euros"], ["It costs a lot.", "12 ferns"]),
    "dates": response(["From 9:00 to 17:30.", "3 March to 5 April"], ["March on.", "Room 12 and room 13"]),
    "http_status": user(
        [
            "my site returns a 502 Bad Gateway",
            "curl says HTTP/1.1 404 Not Found",
            "El servidor devuelve un error 403 en la web: http",
            "getting status code 429 from the api",
        ],
        ["I have 404 ferns.", "We drove 500 miles on the 302.", "It cost 403 euros.", "error in line 200 of my poem"],
    ),
    "language": user(
        [
            "Hola, ¿puedes explicarme cómo podar un helecho?",
            "Bonjour, comment est-ce que je taille une fougère ?",
            "Wie schneide ich einen Farn im Winter zurück?",
            "シダの剪定方法を教えてください。",
            "Как подрезать папоротник зимой?",
        ],
        [
            "How do I prune a fern?",
            "Is a thumb war violent?",
            "can you pls help",
            "ok",
            "Julia Roberts, Hugh Jackman, Kevin Kline",
        ],
    ),
    "mixed_languages": user(
        [
            "I got this letter from my landlord and I do not understand a word of it, can you tell me what it says?\n\n"
            "Sehr geehrte Damen und Herren, hiermit kündige ich Ihnen den Vertrag zum Ende des Monats, "
            "weil ich die Wohnung selbst brauche."
        ],
        [
            "I got a letter from my landlord and I do not understand it.\n\n"
            "What does he want from me, and do I have to leave the flat by June?"
        ],
    ),
    "language_change": user(
        [
            TURN_BREAK.join(
                [
                    "How do I prune a fern in the winter without killing the plant?",
                    "Gracias, y ahora dime cómo se riega el helecho en el verano, por favor.",
                ]
            )
        ],
        [
            TURN_BREAK.join(
                [
                    "How do I prune a fern in the winter without killing it?",
                    "And how often do I have to water the fern in the summer?",
                ]
            )
        ],
    ),
    "english": user(["How do I prune a fern?"], ["Wie schneide ich einen Farn zurück?"]),
    "loops": thought(
        [LOOP * 5, "So what now? " + LOOP * 6, "赤がいいと言えばいい。赤は夜に目立つ。" * 4, "is it real or not " * 12],
        [
            "The gate is open. The dog is gone. The fern is dead.",
            LOOP * 2,
            "Row one. Row two. Row three. Row four. Row five. Row six.",
        ],
    ),
    "length": user(["ok"], [""]),
    "turns": user(["ok"], [""]),
    "sentence_length": user(["The gate is open. The dog is gone."], ["..."]),
    "paragraphs": user(["ok"], [""]),
    "sentence_count": user(["The gate is open. The dog is gone."], ["The gate is open."]),
    "vocabulary": user(["The gate is open and the dog is gone."], ["ok"]),
    "variety": user(["one two three four five " * 8, "the fern fern fern fern fern fern fern"], ["one two three"]),
    "punctuation": user(["Dig: then plant."], ["dig then plant"]),
    "ending": user(["Dig.", "dig"], ["dig,"]),
    "digits": user(["ok", "3 ferns"], [""]),
    "opening": user(["Dig", "dig"], ["3 ferns"]),
    "alphabet": user(["fern", "папоротник"], ["3", "ab папоротник"]),
    "topics": user(
        ["How do I feed a sourdough starter?"],
        ["ok", "これは何ですか", "¿Cómo se poda un helecho grande?", "why is it so and not so"],
    ),
}
