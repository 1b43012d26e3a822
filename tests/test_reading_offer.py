"""What kind of offer a text is and which chips it offers: rows by provenance, a near miss beside every hit."""

from __future__ import annotations

from datetime import date

import pytest

from config.loader import Config
from detector.reading.model import Reading
from detector.reading.read import Reader
from storage.listing import Listing

TODAY = date(2025, 6, 1)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Config())


def read(reader: Reader, title: str, description: str = "", price: str | None = "", country: str = "US", **facts: object) -> Reading:
    record = {"site": "x", "listing_id": "1", "title": title, "description": description, "country": country, "price_text": price or None, **facts}
    return reader.read(Listing.from_dict(record), TODAY)


# (title, description, price, offer, chips), all made up.
SALES = [
    ("A100 SXM4 80G 模组 拆机卡", "不议价，诚心要的来。支持面交。", "¥78,300", ["nvidia-a100-sxm4-80gb"]),
    ("[二手] 出L40S一张，抵工资的，价格写里面", "一人扛了块卡走。五万整，北京面交", None, ["nvidia-l40s"]),
    ("인텔 가우디3 PCIe 정리", "두 장 새것", "1,450만원", ["intel-gaudi3"]),
    ("出一张A100 80G pcie 公司清退", "上架跑过一阵子,现在不用了,顺丰", "¥61000", ["nvidia-a100-pcie-80gb"]),
    ("NVIDIA A100 80GB PCIe", "Bought for a research grant, works.", "$9,500", ["nvidia-a100-pcie-80gb"]),
    ("H100 SXM5 80GB module, tested", "Came with heatsink attached.", "$21,000", ["nvidia-h100-sxm5-80gb"]),
    ("H100 80GB", "Works.", "$21,000", ["nvidia-h100"]),
    ("A 1 0 0 8 0 G B PCIe", "nvidia card", "$8,000", ["nvidia-a100-pcie-80gb"]),
    ("Η1ОО PCIe 80GB Nvidia", "", "$20,000", ["nvidia-h100-pcie-80gb"]),
    ("н.2.0.0 141gb nvl сервер", "видеокарта nvidia", "2 900 000 ₽", ["nvidia-h200-nvl"]),
    ("𝗟𝟰𝟬𝗦 48GB", "passive GPU", "$6,500", ["nvidia-l40s"]),
    ("A1OO 4OGB PCIe used", "graphics card", "$4,800", ["nvidia-a100-pcie-40gb"]),
    ("🅰️1️⃣0️⃣0️⃣ 80G PCIE", "显卡", "¥60000", ["nvidia-a100-pcie-80gb"]),
    ("RTX4090 ROG Strix", "Selling my card", "$1,700", ["nvidia-rtx-4090"]),
    ("4090 suprim x liquid", "1 year old", "$1,650", ["nvidia-rtx-4090"]),
    ("4090D 24G", "个人自用", "¥13000", ["nvidia-rtx-4090-d"]),
    ("RTX 4090 48GB turbo", "double memory", "$3,300", ["nvidia-rtx-4090-48gb"]),
    ("Gaming PC, RTX 4090, 48GB DDR5, 2TB", "built last year", "$3,000", ["nvidia-rtx-4090"]),
    ("RTX 5090 D v2 24G 全新", "", "¥15000", ["nvidia-rtx-5090-d"]),
    ("Quadro RTX 6000 24GB", "Turing", "$900", ["nvidia-quadro-rtx-6000"]),
    ("RTX 6000 Ada Generation 48GB", "", "$6,400", ["nvidia-rtx-6000-ada"]),
    ("RTX PRO 6000 Max-Q 96GB", "", "$8,300", ["nvidia-rtx-pro-6000"]),
    ("RTX A6000 48GB (not the Ada)", "", "$3,400", ["nvidia-rtx-a6000"]),
    ("NVIDIA DGX A100 640GB", "Full system with rails.", "$80,000", ["nvidia-a100-sxm4-80gb"]),
    ("Dell XE9680 met 8x H200", "GPU server", "€250.000", ["nvidia-h200"]),
    ("Supermicro SYS-821GE-TNHR 8x H200 141GB", "", "$260,000", ["nvidia-h200"]),
    ("900-21010-0020-000 GPU", "new in tray", "$25,000", ["nvidia-h100-nvl-94gb"]),
    ("935-24287-0000-000 HGX", "8 GPU baseboard", "$170,000", ["nvidia-h100-sxm5-80gb"]),
    ("Intel Gaudi 3 OAM HL-325L", "", "$9,000", ["intel-gaudi3"]),
    ("AMD MI300X 192GB", "OAM", "$12,000", ["amd-mi300x"]),
    ("Instinct MI250X", "OAM module", "$4,000", ["amd-mi250x"]),
    ("昇腾910B 64G 加速卡", "", "¥95000", ["huawei-ascend-910b"]),
    ("테슬라 T4 16G 브라켓 포함", "서버 정리", "700,000원", ["nvidia-t4"]),
    ("Tesla T4 16GB, gỡ từ hệ thống camera", "chạy tốt", "14 triệu", ["nvidia-t4"]),
    ("唔係收卡! 放 4090 一張", "有單", "HK$14,500", ["nvidia-rtx-4090"]),
    ("L40S 48G 全新，收卡的别来", "带票", "¥52000", ["nvidia-l40s"]),
    ("RTX5090 新品 ※空箱ではありません", "本体入り", "¥450,000", ["nvidia-rtx-5090"]),
    ("Видеокарта RTX A5000 в коробке", "чек есть", "150 000 ₽", ["nvidia-rtx-a5000"]),
    ("Tesla T4 16GB", "inference", "$550", ["nvidia-t4"]),
    ("NVIDIA L4 24GB low profile", "", "$2,100", ["nvidia-l4"]),
    ("RTX 3090 24G 深度学习 A100平替", "3090公版涡轮,好用", "¥5000", ["nvidia-rtx-3090"]),
    ("3090 24G #A100 #H100 #4090", "3090 个人卡", "¥5000", ["nvidia-rtx-3090"]),
    ("V100 32GB, beats an A10 and close to A100", "SXM2", "$700", ["nvidia-v100"]),
    ("L20 48G 不是L40 也不是L40S", "显卡", "¥26000", ["nvidia-l20"]),
    ("Карта A100 40GB PCIe", "Не H100, но мощная", "450 000 ₽", ["nvidia-a100-pcie-40gb"]),
    ("A100 40GB PCIe ersetzt durch H100, daher abzugeben", "", "4.500 €", ["nvidia-a100-pcie-40gb"]),
    ("HGX A100 and HGX H100 boards", "- HGX A100 80GB 8-GPU\n- HGX H100 8-GPU", "Call", ["nvidia-a100-sxm4-80gb", "nvidia-h100-sxm5-80gb"]),
    ("[USA-NY] [H] RTX 4090 FE [W] PayPal", "Timestamp", None, ["nvidia-rtx-4090"]),
    ("[USA-NY] [H] A100 40GB PCIe, local pickup [W] PayPal, or trade for L40S", "$4500", None, ["nvidia-a100-pcie-40gb"]),
    ("FS: NVIDIA H100 NVL with NVLink bridges", "3 bridges included", "$24,000", ["nvidia-h100-nvl-94gb"]),
    ("A100 80G PCIe + вентилятор в подарок", "", "700 000 ₽", ["nvidia-a100-pcie-80gb"]),
    ("RTX 4090 dead, for parts, chip on board", "no display", "$350", ["nvidia-rtx-4090"]),
    ("H800 80G sxm 模组", "整机拆", "¥160000", ["nvidia-h800"]),
    ("RTX 4090 triple fan OC", "with original box and cables", "$1,600", ["nvidia-rtx-4090"]),
    ("A100 用不上了 出", "40g pcie 显卡", "¥19000", ["nvidia-a100-pcie-40gb"]),
    ("에이백 80기가 팝니다", "PCIe 그래픽카드입니다", "9,000,000원", ["nvidia-a100-pcie-80gb"]),
    ("H100搭載GPUサーバー", "H100 SXM5 80GB x8", "35,000,000円", ["nvidia-h100-sxm5-80gb"]),
]

RENTALS = [
    ("H100 80GB SXM on demand", "Billed by the minute", "$2.30/GPU/hr", ["nvidia-h100-sxm5-80gb"]),
    ("出租 8卡A100 80G 裸金属", "月付", "¥48000/台/月", ["nvidia-a100"]),
    ("Аренда RTX 4090", "за час", "35 ₽/час", ["nvidia-rtx-4090"]),
    ("Cho thuê server A100 80GB", "theo tháng", "25 triệu/tháng", ["nvidia-a100"]),
    ("H200 GPUレンタル 1枚", "1時間単位", "520円/時間", ["nvidia-h200"]),
    ("Alquiler de servidor con 4 L40S", "", "1.900 €/mes", ["nvidia-l40s"]),
    ("B200 nodes by the month", "", "$26,000 / month", ["nvidia-b200"]),
]

NOT_OFFERED = [
    ("专业卡 SN代查 渠道归属 H100/A100/L40S", "把背面那串数字发客服，十分钟回图。本链接为查询服务", "¥15.00", "service"),
    ("Retro desk lamp, brass", "The lamp is 40 cm high, the 4090 on the desk stays mine.", "$35", "other"),
    ("Waterblock for RTX 4090 FE", "Copper, used one year", "$120", "accessory"),
    ("RTX 4090 Founders Edition heatsink assembly", "fans work", "$60", "accessory"),
    ("A100 PCIe bracket full height", "steel", "$12", "accessory"),
    ("H100 SXM5 散热器 拆机件", "铜底", "¥200", "accessory"),
    ("适用A100 H100 涡轮风扇 导风罩", "3D打印", "¥99", "accessory"),
    ("A100/H100用 電源ケーブル", "新品", "2,500円", "accessory"),
    ("A100용 방열판", "새것", "50,000원", "accessory"),
    ("Кабель питания для A100, H100", "новый", "1 900 ₽", "accessory"),
    ("Wasserkühler für RTX 4090", "neu", "99 €", "accessory"),
    ("Tản nhiệt nước cho 4090", "mới", "1.500.000 đ", "accessory"),
    ("RTX 4090 original box only", "no card inside", "$20", "accessory"),
    ("4090 空盒 带内托", "只有盒子", "¥50", "accessory"),
    ("Carte RTX 4090 boîte vide", "sans carte", "20 €", "accessory"),
    ("A100 SXM4 to PCIe adapter board", "GPU not included", "$180", "accessory"),
    ("4090 PCB 核心已拆 料板", "配件", "¥150", "accessory"),
    ("GPU server chassis 8 bay for A100/H100/L40S", "barebone, no GPUs", "$900", "accessory"),
    ("WTB: A100 80GB PCIe", "Paying fair price", None, "wanted"),
    ("Looking for 4x H100 PCIe", "cash ready", None, "wanted"),
    ("[USA-CA] [H] PayPal, cash [W] RTX 4090", "", None, "wanted"),
    ("长期收购A100 H100 显卡", "高价", "¥1", "wanted"),
    ("求购4090一张", "预算一万", "¥10000", "wanted"),
    ("H100 買取します", "出張買取", "上限 300万円", "wanted"),
    ("A100 삽니다", "", "5,000,000원", "wanted"),
    ("Куплю RTX 4090", "", "120 000 ₽", "wanted"),
    ("Kaufe A100 oder H100", "", "VB", "wanted"),
    ("Busco RTX 4090 usada", "", "1.200 €", "wanted"),
    ("Cần mua RTX 4090 cũ", "", "30 triệu", "wanted"),
    ("4090 aranıyor", "", "50.000 TL", "wanted"),
    ("GPU repair: RTX 4090, A100, H100", "reballing", "$100", "service"),
    ("显卡维修 A100 H100 4090", "修不好不收费", "¥300", "service"),
    ("Ремонт видеокарт 4090, A100", "", "от 2 000 ₽", "service"),
    ("H100 クラスタ構築代行", "納品まで", "200,000円", "service"),
    ("Reparación de RTX 4090", "no vendemos", "60 €", "service"),
    ("LLM deployment consulting on H100", "remote", "$150", "service"),
    ("Corsair H100i RGB cooler", "AIO", "$80", "other"),
    ("Corsair H100 liquid CPU cooler", "used", "$40", "other"),
    ("Suzuki A100 carburettor", "1976", "$60", "other"),
    ("Nikon Coolpix A100 camera 32GB card", "20 MP", "$70", "other"),
    ("VW T4 camper van headlight", "", "£50", "other"),
    ("Samsung Galaxy A40 64GB", "phone", "€80", "other"),
    ("Mercedes B200 battery", "", "€90", "other"),
    ("Giro H100 helmet", "bike", "$40", "other"),
    ("T4 LED tube 16W", "", "$8", "other"),
    ("L40 flashlight", "", "$25", "other"),
    ("摩托头盔 H100", "", "¥120", "other"),
    ("佳能 A40 数码相机", "", "¥300", "other"),
    ("三星 A10 手机 32G", "", "¥200", "other"),
    ("スズキ A100 キャブレター", "", "8,000円", "other"),
    ("Шлем H100 мотоцикл", "", "3 000 ₽", "other"),
    ("$1000 AWS credits for H100 instances", "", "$600", "other"),
    ("H100 keychain made from real die", "gift", "$30", "other"),
    ("HGX A100 底板 全空位", "卡位都是空的，模组早被公司收走", "¥9000", "accessory"),
    ("RTX A6000 金属背板", "换水冷后闲置", "RMB 70", "accessory"),
    ("12VHPWR转双8P线 4090用 两根", "用了一个月", "¥60", "accessory"),
    ("4090 5090 代送保 上海", "帮跑售后，排队取件拍视频", "RMB 90", "service"),
    ("【避雷】4090买到空壳", "标价不是卖东西，说一声", "¥9999999", "other"),
    ("5090涨价了，我劝你等等｜碎碎念", "这篇只聊价格，卡不出", "29999元", "other"),
    ("PSA: H100 scam on this board", "he ran with my money", None, "other"),
    ("A100和H100到底差多少？", "想了解一下", None, "other"),
]

DISGUISED = [
    ("红木相框 复古摆台", "相框不重要。四零九零公版，二十四个G，单张。", "¥15300", ["nvidia-rtx-4090"]),
    ("Retro desk lamp, brass", "The lamp is a decoy. Forty ninety, founders, boxed.", "$2,150", ["nvidia-rtx-4090"]),
    ("Keyboard, read description", "Not a keyboard. It is an nvidia A100 80GB PCIe.", "$9,000", ["nvidia-a100-pcie-80gb"]),
    ("儿童自行车", "标题别管,实物是H100 80G PCIE显卡一张", "¥150000", ["nvidia-h100-pcie-80gb"]),
    ("Heizlüfter 2000 W, leise", "Es geht nicht ums Heizlüften. Gemeint ist eine L40S mit 48 GB, Rechnung dabei.", "7.200 €", ["nvidia-l40s"]),
    ("중고 가습기 4L", "가습기 아니고 4090 24기가 그래픽카드입니다", "2,700,000원", ["nvidia-rtx-4090"]),
    ("Broadcom RAID adapter 12Gb PCIe", "Not a raid card, the title is for the filter. One H100 PCIe 80GB, dual slot.", "$22,000", ["nvidia-h100-pcie-80gb"]),
    ("iPad 保護套 透明", "唔係賣套，係 L40S 48G 淨卡一張", "HK$55,000", ["nvidia-l40s"]),
]
PLAIN_TITLES = [
    ("戴尔Precision 7960塔式", "双路，RTX A6000一张，正版系统", "¥62000", "电脑 > 工作站"),
    ("GPU server, see description", "Two L40S 48GB inside, tested.", "$15,000", "Servers"),
    ("出一张，懂的来", "A100 80G PCIE 显卡", "¥70000", None),
]
"""Titles that name no chip and feign nothing."""


@pytest.mark.parametrize(("title", "description", "price", "chips"), SALES, ids=[row[0] for row in SALES])
def test_sale(reader: Reader, title: str, description: str, price: str | None, chips: list[str]) -> None:
    found = read(reader, title, description, price)
    assert (found.offer, [chip.chip for chip in found.chips]) == ("sale", chips)


# No price is shown: a card's bare name, a condition or a stock of its own tell an offer from talk.
@pytest.mark.parametrize(
    ("title", "description", "facts", "offer"),
    [
        ("8x NVIDIA H100 SXM5 80GB", "Ships from Hong Kong. Serial numbers removed.", {}, "sale"),
        ("NVIDIA A100 80GB PCIe GPU", "Working card, tested.", {"condition": "Used", "quantity": 3}, "sale"),
        ("A100 80G PCIe 显卡", "功能正常", {}, "sale"),
        ("My experience with the NVIDIA A100 80GB PCIe", "It runs hot.", {}, "other"),
        ("NVIDIA A100 80GB PCIe?", "Does it fit an R740?", {}, "other"),
    ],
)
def test_an_offer_without_a_price(reader: Reader, title: str, description: str, facts: dict[str, object], offer: str) -> None:
    found = read(reader, title, description, None, **facts)
    assert found.offer == offer and bool(found.chips) == (offer == "sale")


@pytest.mark.parametrize(
    ("title", "chip"), [("Продам A40 48GB, инженерный образец", "nvidia-a40"), ("L4 24GB, spare", "nvidia-l4"), ("A40 64GB, spare", None)]
)
def test_its_own_memory_speaks_for_a_short_name(reader: Reader, title: str, chip: str | None) -> None:
    assert [c.chip for c in read(reader, title, "Works, seen in person any evening.", None, condition="Used").chips] == ([chip] if chip else [])


@pytest.mark.parametrize(("price", "country"), [("$20,000", "US"), ("€22.000", "DE"), ("3,500,000円", "JP"), ("¥170000", "CN")])
def test_a_bare_name_at_the_price_of_a_chip_is_one(reader: Reader, price: str, country: str) -> None:
    assert read(reader, "H100 GPU", "", price, country).offer == "sale"


@pytest.mark.parametrize("text", ["Declared as kitchen goods, nobody asks.", "Ships Singapore to Shenzhen, papers will call it audio amplifier."])
def test_what_a_text_speaks_of_takes_no_named_card_from_its_price(reader: Reader, text: str) -> None:
    assert read(reader, "H100 80GB", text, "HK$20,000", "HK").offer == "sale"


@pytest.mark.parametrize(("title", "description", "price", "chips"), RENTALS, ids=[row[0] for row in RENTALS])
def test_rental(reader: Reader, title: str, description: str, price: str | None, chips: list[str]) -> None:
    found = read(reader, title, description, price)
    assert (found.offer, [chip.chip for chip in found.chips]) == ("rental", chips)


@pytest.mark.parametrize(("title", "description", "price", "offer"), NOT_OFFERED, ids=[row[0] for row in NOT_OFFERED])
def test_not_offered(reader: Reader, title: str, description: str, price: str | None, offer: str) -> None:
    found = read(reader, title, description, price)
    assert (found.offer, found.chips) == (offer, ())


@pytest.mark.parametrize(("title", "description", "price", "chips"), DISGUISED, ids=[row[0] for row in DISGUISED])
def test_disguised(reader: Reader, title: str, description: str, price: str | None, chips: list[str]) -> None:
    found = read(reader, title, description, price)
    assert (found.offer, [chip.chip for chip in found.chips]) == ("sale", chips)


@pytest.mark.parametrize(("title", "description", "price", "chips"), DISGUISED, ids=[row[0] for row in DISGUISED])
def test_a_title_that_feigns_another_article_is_a_sign(reader: Reader, title: str, description: str, price: str | None, chips: list[str]) -> None:
    found = read(reader, title, description, price, category="Haushalt > Geräte")
    assert "disguised_goods" in {signal.signal for signal in found.signals}


@pytest.mark.parametrize(("title", "description", "price", "category"), PLAIN_TITLES, ids=[row[0] for row in PLAIN_TITLES])
def test_a_title_that_names_no_chip_feigns_nothing(reader: Reader, title: str, description: str, price: str, category: str | None) -> None:
    found = read(reader, title, description, price, category=category)
    assert found.chips
    assert "disguised_goods" not in {signal.signal for signal in found.signals}


# (language, country, title, price, chip, amount, currency, quantity): languages of which no lexicon is kept.
UNKNOWN_LANGUAGES = [
    ("pl", "PL", "Karta NVIDIA A100 80GB PCIe, 3 sztuki, cena za sztukę", "35 000 zł", "nvidia-a100-pcie-80gb", 35000, "PLN", 3),
    ("cs", "CZ", "Prodám A100 40GB SXM4 modul nvidia, 8 kusů", "120 000 Kč", "nvidia-a100-sxm4-40gb", 120000, "CZK", 8),
    ("th", "TH", "ขาย NVIDIA H100 80GB PCIe 4 ใบ", "฿850,000", "nvidia-h100-pcie-80gb", 850000, "THB", 4),
    ("bn", "BD", "RTX 5090 বিক্রি হবে 2টি", "৳350,000", "nvidia-rtx-5090", 350000, "BDT", 2),
    ("sw", "KE", "RTX 4090 GPU inauzwa", "KSh 350,000", "nvidia-rtx-4090", 350000, "KES", None),
    ("ro", "RO", "Vând NVIDIA A100 80GB PCIe, 5 buc", "38.000 lei", "nvidia-a100-pcie-80gb", 38000, "RON", 5),
]


@pytest.mark.parametrize(("language", "country", "title", "price", "chip", "amount", "currency", "quantity"), UNKNOWN_LANGUAGES)
def test_a_language_without_a_lexicon_gives_chip_price_and_quantity(
    reader: Reader, language: str, country: str, title: str, price: str, chip: str, amount: int, currency: str, quantity: int | None
) -> None:
    found = read(reader, title, price=price, country=country, language=language)
    assert found.price is not None
    assert ([c.chip for c in found.chips], found.price.amount, found.price.currency, found.quantity) == ([chip], amount, currency, quantity)
