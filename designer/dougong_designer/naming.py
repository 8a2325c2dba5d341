"""Inner names from what people write: common words in English, the rest by pinyin, in the form that names have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from dougong_designer.edits import free_name
from dougong_runtime.fields.base import SYSTEM_FIELDS
from dougong_runtime.names import NAME_LENGTH_MAX

WORDS = {
    "姓名": "name",
    "名称": "name",
    "名字": "name",
    "标题": "title",
    "主题": "subject",
    "编号": "code",
    "代码": "code",
    "编码": "code",
    "序号": "number",
    "电话": "phone",
    "手机": "mobile",
    "手机号": "mobile",
    "手机号码": "mobile",
    "联系电话": "phone",
    "邮箱": "email",
    "电子邮箱": "email",
    "地址": "address",
    "网址": "website",
    "身份证": "id_number",
    "身份证号": "id_number",
    "身份证号码": "id_number",
    "统一社会信用代码": "company_code",
    "性别": "gender",
    "年龄": "age",
    "生日": "birthday",
    "出生日期": "born_on",
    "日期": "date",
    "时间": "time",
    "开始日期": "starts_on",
    "结束日期": "ends_on",
    "开始时间": "starts_at",
    "结束时间": "ends_at",
    "创建时间": "entered_at",
    "状态": "state",
    "类型": "kind",
    "类别": "category",
    "分类": "category",
    "等级": "level",
    "级别": "level",
    "标签": "tags",
    "金额": "amount",
    "单价": "unit_price",
    "价格": "price",
    "总价": "total_price",
    "数量": "quantity",
    "比例": "share",
    "比率": "rate",
    "备注": "note",
    "说明": "note",
    "描述": "description",
    "内容": "content",
    "部门": "department",
    "公司": "company",
    "单位": "organisation",
    "城市": "city",
    "省份": "province",
    "国家": "country",
    "负责人": "owner",
    "联系人": "contact",
    "学生": "student",
    "老师": "teacher",
    "产品": "product",
    "供应商": "supplier",
    "合同": "contract",
    "合同编号": "contract_code",
    "订单": "order",
    "订单号": "order_code",
    "项目": "project",
    "项目名称": "project_name",
}
"""Headers that offices use, and what they are called in English."""
_WORD_LENGTH_MAX = 30
_HAN = re.compile(r"[\u3400-\u9fff]+")


def name_from(text: str, fallback: str, taken: Iterable[str] = ()) -> str:
    """A free name for a text in either language.

    >>> name_from("手机号", "field"), name_from("Unit price (CNY)", "field"), name_from("2024年", "field")
    ('mobile', 'unit_price_cny', 'field_2024nian')
    >>> name_from("名称", "field", ["name"])
    'name_2'
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    word = WORDS.get(re.sub(r"[\s:：*（(].*\Z", "", plain))
    made = word or _slug(_HAN.sub(_romanised, plain[:_WORD_LENGTH_MAX]))
    if not made:
        made = fallback
    if not made[0].isalpha():
        made = f"{fallback}_{made}"
    made = made[:NAME_LENGTH_MAX].rstrip("_")
    if made in SYSTEM_FIELDS:
        made = f"{made}_given"
    return free_name(made, taken)


def _slug(text: str) -> str:
    ascii_ = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "_".join(re.findall(r"[a-z0-9]+", ascii_.lower()))


def _romanised(found: re.Match[str]) -> str:
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(found[0], v_to_u=False))
