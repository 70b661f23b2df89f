"""What the metrics page says of language models; what it says of requests is asked for wherever requests are tested."""

from __future__ import annotations

from tests.support.asking import answered, asking
from tests.support.flows import running
from tests.support.scripted_model import reply_text


@running
async def test_tokens_and_money_of_models_are_counted_where_they_were_spent(tmp_path):
    async with answered(tmp_path, asking(), [reply_text("one"), reply_text("two")]) as (client, _):
        for text in ("a", "b"):
            assert (await client("POST", "/ask", json={"v": text})).status == 200
        page = (await client("GET", "/metrics")).body.decode()
        exchange = client.log.exchanges[0]
        flow = client.runtime.plan.flow
    spent = f'flow="{flow}",model="{exchange.model}",node="{exchange.node}"'
    at = f'flow="{flow}",kind="prompt",model="{exchange.model}",node="{exchange.node}"'
    assert f'flows_ai_answers_total{{end="stop",failure="",{spent}}} 2.0' in page
    assert f"flows_ai_tokens_total{{{at}}} 200.0" in page
    assert f"flows_ai_tokens_total{{{at.replace('prompt', 'completion')}}} 40.0" in page
    assert f"flows_ai_micro_usd_total{{{spent}}} 54.0" in page
