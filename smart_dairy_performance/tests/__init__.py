from . import (
    test_dashboard_door,
    test_herd_figures,
    test_periods,
    test_product_search,
    test_receivables_figures,
    test_sales_access,
    test_sales_figures,
    test_stock_figures,
    test_tours,
)
