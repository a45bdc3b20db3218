#include <string.h>

#include "check.h"
#include "report/markup.h"

static void becomes(status (*escape)(struct text *, const char *), const char *in, const char *wanted)
{
    struct text out = { .max = 4096 };

    CHECK(escape(&out, in) == OK);
    CHECK_MSG(out.data && strcmp(out.data, wanted) == 0, "'%s' became '%s'", in, out.data ? out.data : "");
    text_free(&out);
}

static void check_html(void)
{
    becomes(markup_html, "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;");
    becomes(markup_html, "\" onerror='x' a=\"&amp;", "&quot; onerror=&#39;x&#39; a=&quot;&amp;amp;");
    becomes(markup_html, "caf\xC3\xA9 \xF0\x9F\x90\x9F", "caf\xC3\xA9 \xF0\x9F\x90\x9F");
    becomes(markup_html, "a\x1B[2Jb\x7F", "a\xEF\xBF\xBD[2Jb\xEF\xBF\xBD");
    becomes(markup_html, "\xFF<\xC3", "\xEF\xBF\xBD&lt;\xEF\xBF\xBD");
    becomes(markup_html, "]]>--><!--", "]]&gt;--&gt;&lt;!--");
}

static void check_latex(void)
{
    becomes(markup_latex, "50 % of a_b & c#1", "50 \\% of a\\_b \\& c\\#1");
    becomes(markup_latex, "\\input{/etc/passwd}", "\\textbackslash{}input\\{/etc/passwd\\}");
    becomes(markup_latex, "$x^2~y$", "\\$x\\textasciicircum{}2\\textasciitilde{}y\\$");
    becomes(markup_latex, "caf\xC3\xA9 \xE2\x82\xAC \xFF", "caf\xC3\xA9 [U+20AC] [FF]");
    becomes(markup_latex, "a\nb", "a b");
    becomes(markup_latex, "-1.25 [-2, +3] a-1 80-99 -", "$-$1.25 [$-$2, +3] a-{}1 80-{}99 -{}");
}

static void check_base64(void)
{
    static const char *const wanted[] = { "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };

    for (size_t n = 1; n <= 6; n++) { /* RFC 4648, 10 */
        struct text out = { .max = 64 };

        CHECK(markup_base64(&out, "foobar", n) == OK && strcmp(out.data, wanted[n - 1]) == 0);
        text_free(&out);
    }
}

int main(void)
{
    struct text out = { .max = 64 };

    check_html();
    check_latex();
    check_base64();
    CHECK(markup_add(&out, "<b>%s</b>%s %d%% %+.1f %lld %.2g", "<&", ">", 7, 0.25, 1LL << 40, 0.001) == OK);
    CHECK_MSG(strcmp(out.data, "<b>&lt;&amp;</b>&gt; 7% +0.2 1099511627776 0.001") == 0, "%s", out.data);
    out.size = 0;
    CHECK(markup_json(&out, "{\"a\": %s, \"b\": [%d, %.9g]}", "\"\\\n\xC3\xA9", 3, 0.5) == OK);
    CHECK_MSG(strcmp(out.data, "{\"a\": \"\\\"\\\\\\u000a\xC3\xA9\", \"b\": [3, 0.5]}") == 0, "%s", out.data);
    text_free(&out);
    CHECK(mem_live() == 0);
    return check_result("report/markup");
}
