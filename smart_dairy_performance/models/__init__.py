from . import farm_animal, farm_animal_dashboard, method_cache, product_product, product_template, sale_order
